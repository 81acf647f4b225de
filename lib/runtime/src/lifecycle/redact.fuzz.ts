import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { createLogger } from "./logger.ts";

/** What must not be in any line. No other text of a case can hold it. */
const secret = "5EcrE7-Zz9_Qq";

type Random = () => number;

/** Texts as they come in errors and fields, each with the secret at one place. */
const texts: readonly ((random: Random) => string)[] = [
  (random) => `${link(random)}?${query(random, `X-Amz-Signature=${secret}`, "X-Amz-Date=1&X-Amz-Expires=60")}`,
  (random) => `${link(random)}?${query(random, `X-Amz-Security-Token=${secret}%2F`, "X-Amz-Signature=f0")}`,
  (random) => `${link(random)}?${query(random, `x-goog-signature=${secret}`, "X-Goog-Expires=60")}`,
  (random) => `${link(random)}?${query(random, `sig=${secret}%3D`, "sv=2025-11-05&se=2026-01-01&sp=r")}`,
  (random) => `/signed-files/a%20b?${query(random, `signature=${secret}`, "method=GET&expires=1")}`,
  () => `X-Amz-Signature=${secret}`,
  () => `s3://user:${secret}@host/key`,
  () => `postgresql://u:${secret}@[::1]:5432/x?sslmode=require`,
  () => `Authorization: Bearer ${secret}.e30.x`,
  () => `authorization: basic ${secret}==`,
  () => `AWS4-HMAC-SHA256 Credential=AK/1/s3, SignedHeaders=host, Signature=${secret}`,
  () => `SharedKey account:${secret}`,
  () => `--storage.stow.config secret_key=${secret}`,
  () => `{"secretKey":"${secret}","region":"x"}`,
  () => `AWS_SECRET_ACCESS_KEY=${secret}`,
  () => `token = '${secret}'`,
];
const names = ["password", "secretAccessKey", "apiKey", "Authorization", "set-cookie", "session_token", "private-key"];

/** A case is the JSON of what is logged: a text, or a value under a name. */
export const fuzzTarget: FuzzTarget = {
  name: "redact",
  subject: "lib/runtime/src/lifecycle/redact.ts",
  generate: (random) => {
    const named = random() < 0.3;
    const content = named ? { [pick(random, names)]: wrapped(random, secret, 2) } : around(random);
    return Buffer.from(JSON.stringify({ content: wrapped(random, content, 3), error: !named && random() < 0.5 }));
  },
  run: (input) => {
    const { content, error } = JSON.parse(Buffer.from(input).toString()) as { content: unknown; error: boolean };
    let written = "";
    const logger = createLogger({ level: "debug", destination: { write: (line) => void (written += line) } });
    const text = typeof content === "string" ? content : JSON.stringify(content);
    const value = error ? new Error("outer", { cause: new Error(text) }) : content;
    logger.info({ value }, "x");
    logger.child({ value }).info({}, "y");
    if (written.includes(secret)) throw new Error(`written: ${written}`);
    return "accepted";
  },
};

function around(random: Random): string {
  const fill = ["", "put ", "got 403 from ", "(", "key: ", "\n  at ", "ä "];
  const after = ["", ": refused", ")", "; call again", "\n", " and more", ","];
  return pick(random, fill) + pick(random, texts)(random) + pick(random, after);
}

function link(random: Random): string {
  const origins = ["https://b.s3.amazonaws.com/", "http://[::1]:9000/b/", "https://a.blob.core.windows.net/c/", "/"];
  return pick(random, origins) + pick(random, ["k", "a/b%20c", "x=y", "~k.pb", "u:v"]);
}

/** The parameters in some order. */
function query(random: Random, own: string, others: string): string {
  return [own, ...others.split("&")]
    .map((part) => ({ part, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ part }) => part)
    .join("&");
}

/** `content` somewhere in arrays and objects, as a key too. */
function wrapped(random: Random, content: unknown, depth: number): unknown {
  if (depth === 0 || random() < 0.4) return content;
  const inner = wrapped(random, content, depth - 1);
  const form = Math.floor(random() * 3);
  if (form === 0) return [1, inner];
  if (form === 1 && typeof inner === "string" && inner !== secret) return { [inner]: true };
  return { note: inner };
}

function pick<T>(random: Random, from: readonly T[]): T {
  const item = from[Math.floor(random() * from.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}
