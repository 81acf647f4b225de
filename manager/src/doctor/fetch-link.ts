/** Fetches a signed link as a caller without any of our libraries would. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { buffer } from "node:stream/consumers";
import type { SignedRequest } from "@flyte-dataplane/storage";

export interface LinkAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** Milliseconds since the Unix epoch that the server says it is; undefined if it says nothing. */
  readonly date: number | undefined;
}

/** `ca` is trusted in place of the system's authorities. */
export async function fetchLink(
  link: SignedRequest,
  { ca, signal }: { readonly ca?: string; readonly signal: AbortSignal },
): Promise<LinkAnswer> {
  const { url, method, headers } = link;
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    send(url, { method, headers, signal, ...(ca !== undefined && { ca }) }, resolve)
      .once("error", reject)
      .end();
  });
  const date = Date.parse(answer.headers.date ?? "");
  return {
    status: answer.statusCode ?? 0,
    body: await buffer(answer),
    date: Number.isNaN(date) ? undefined : date,
  };
}
