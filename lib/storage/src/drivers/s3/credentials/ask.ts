import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import { retryAfterMs, StoreAnswer } from "../../../store-answer.ts";
import type { WireClient, WireOptions, WireRequest, WireResponse } from "../../../wire/exchange.ts";
import type { SourceDeps } from "./source.ts";

/** What a service of credentials said. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** Bytes; the longest document is a few thousand. */
const maxAnswerBytes = 64 * 1024;

/** Lends `use` a client and closes it: credentials are fetched once an hour, an open connection would only grow old. */
export async function withClient<T>(
  deps: SourceDeps,
  options: WireOptions,
  use: (client: WireClient) => Promise<T>,
): Promise<T> {
  const client = deps.connect(options);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** One request, its answer in memory. Rejects as the client does, and with `unavailable` for an answer without end. */
export async function ask(
  client: WireClient,
  url: URL,
  request: Pick<WireRequest, "method" | "headers" | "body">,
): Promise<Answer> {
  const response = await client.send({ ...request, origin: url.origin, target: `${url.pathname}${url.search}` });
  return { status: response.status, headers: response.headers, text: await textOf(response, url) };
}

async function textOf(response: WireResponse, url: URL): Promise<string> {
  try {
    return Buffer.from(await response.bytes(maxAnswerBytes)).toString("utf8");
  } catch (cause) {
    if (!(cause instanceof DataPlaneError) || cause.code !== "resource_exhausted") throw cause;
    // Somebody answered, which is not the same as silence.
    const answer = new StoreAnswer(response.status, "");
    throw new DataPlaneError("unavailable", `${url.host} answers more than ${maxAnswerBytes} bytes`, { cause: answer });
  }
}

/**
 * The error for a refusal: `unavailable` where the service asks for patience, else `unauthenticated`. `word` is the
 * service's own; it is repeated only if it is a word, since answers may hold what was sent.
 */
export function refusalOf(url: URL, answer: Answer, word: string | undefined, deps: SourceDeps): DataPlaneError {
  const { status, headers } = answer;
  const code = word !== undefined && /^[\w.:-]{1,64}$/.test(word) ? word : "";
  const busy = status === 429 || status >= 500 || /^(?:Throttl|RequestLimit|SlowDown|IDPCommunication)/.test(code);
  const cause = new StoreAnswer(status, code, {
    retryAfterMs: retryAfterMs(headers.get("retry-after"), deps.clock.now()),
  });
  const message = `${url.host} answers ${status}${code === "" ? "" : ` ${code}`}`;
  return new DataPlaneError(busy ? "unavailable" : "unauthenticated", message, { cause });
}
