import { DataPlaneError } from "@flyte-dataplane/core";
import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { type Arrived, signatureFault } from "../../../test/s3/signature-fault.ts";
import type { S3Credentials } from "./credentials/credentials.ts";
import { encodeKey, type HeaderSigning, presign, signHeaders } from "./sign.ts";
import { encodeQuery } from "./sign-canonical.ts";

/** What a caller may ask for. */
interface Case {
  readonly kind: "headers" | "link";
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly host: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly region: string;
  readonly now: number;
  readonly expiresSeconds: number;
  readonly secret: string;
  /** What was signed before: nothing, or the same but for this. */
  readonly before: "day" | "second" | "region" | "host" | "payload" | "credentials" | "method" | "nothing";
  readonly token: string | null;
}

const pieces = [
  "a",
  "B",
  "0",
  "/",
  "//",
  ".",
  "..",
  "%",
  "%2F",
  "+",
  " ",
  "  ",
  "\t",
  "&",
  "=",
  "?",
  "#",
  "~",
  "-",
  "_",
  "*",
  "'",
  "(",
  "é",
  "中",
  "\u{1f600}",
  "\ud800",
  "\0",
  "\r\n",
  ":",
  ";",
  ",",
];
const names = [
  "Range",
  "content-md5",
  "Content-Type",
  "content-length",
  "x-amz-meta-A",
  "x-amz-meta-a",
  "user-agent",
  "Proxy-A",
  "sec-b",
  "if-match",
  "a b",
  "X-Amz-Date",
  "authorization",
];

function integer(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

function pick<T>(random: () => number, from: readonly T[], otherwise: T): T {
  return from[integer(random, from.length)] ?? otherwise;
}

function text(random: () => number, max: number): string {
  return Array.from({ length: integer(random, max + 1) }, () => pick(random, pieces, "a")).join("");
}

/** Mostly well-formed: a case that is refused says nothing about signatures. */
function plain(random: () => number, max: number): string {
  const wild = random() < 0.05;
  return wild ? text(random, max) : text(random, max).replace(/[\ud800-\udbff](?![\udc00-\udfff])|[\r\n\0]/g, "x");
}

/** Mostly what a header can hold. */
function ascii(random: () => number): string {
  return random() < 0.03 ? text(random, 4) : plain(random, 5).replace(/[^\t -~]/g, "x");
}

function entries(random: () => number, name: () => string, value: () => string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: integer(random, 4) }, () => [name(), value()]));
}

function aCase(random: () => number): Case {
  return {
    kind: random() < 0.5 ? "headers" : "link",
    method: pick(random, ["GET", "HEAD", "PUT", "POST", "DELETE"], "GET"),
    host: pick(random, ["s3.eu-west-1.amazonaws.com", "b.s3.amazonaws.com", "127.0.0.1:9000", "[::1]:9000"], "a"),
    key: random() < 0.02 ? "é+%".repeat(256) : plain(random, 8),
    query: entries(
      random,
      () => plain(random, 3),
      () => plain(random, 5),
    ),
    headers: entries(
      random,
      () => (random() < 0.97 ? pick(random, names, "range") : text(random, 2)),
      () => ascii(random),
    ),
    region: pick(random, ["us-east-1", "eu-central-1", ""], ""),
    now: integer(random, 4_000_000_000_000),
    expiresSeconds: pick(random, [1, 60, 3600, 604_800, 604_800, 604_801, 0, 1.5], 60),
    secret: `secret${integer(random, 3)}`,
    before: pick(
      random,
      ["day", "second", "region", "host", "payload", "credentials", "method", "nothing", "nothing"],
      "nothing",
    ),
    token: random() < 0.5 ? null : ascii(random),
  };
}

/** The request as it leaves, or the refusal that is promised. */
function make(given: Case): Arrived | undefined {
  const { method, host, region, now, expiresSeconds, headers } = given;
  const credentials = {
    accessKeyId: "AKID",
    secretAccessKey: given.secret,
    ...(given.token !== null && { sessionToken: given.token }),
  };
  const signing = { method, host, region, credentials, now };
  const unlike = { ...signing, ...changes(given.before, now, credentials) };
  try {
    if (given.before !== "nothing") presign({ ...unlike, scheme: "https", path: "/", expiresSeconds: 1 });
    const path = `/${encodeKey(given.key)}`;
    if (given.kind === "headers") {
      const query = encodeQuery(given.query);
      const target = query === "" ? path : `${path}?${query.split("&").reverse().join("&")}`;
      const payloadHash = "UNSIGNED-PAYLOAD";
      const alone = signHeaders({ ...signing, target, headers: { ...headers }, payloadHash });
      // What requests share is kept by headers that nobody can change.
      const frozen = Object.freeze({ ...headers });
      signHeaders({ payloadHash, ...unlike, target: "/", headers: frozen });
      const behind = signHeaders({ ...signing, target, headers: frozen, payloadHash });
      if (JSON.stringify(behind) !== JSON.stringify(alone)) throw new Error("signed by what was signed before");
      return { method, host, target, headers: behind };
    }
    const url = presign({ ...signing, scheme: "https", path, query: given.query, headers, expiresSeconds });
    const start = `https://${host}`;
    if (!url.startsWith(`${start}/`) || /[^!-~]/.test(url)) throw new Error(`no URL: ${url}`);
    return { method, host, target: url.slice(start.length), headers };
  } catch (error) {
    if (error instanceof DataPlaneError && error.code === "invalid_argument") return undefined;
    throw error;
  }
}

function changes(what: Case["before"], now: number, credentials: S3Credentials): Partial<HeaderSigning> {
  if (what === "day") return { now: now + 86_400_000 };
  if (what === "second") return { now: now + 1000 };
  if (what === "region") return { region: "elsewhere" };
  if (what === "host") return { host: "elsewhere" };
  if (what === "payload") return { payloadHash: "elsewhere" };
  if (what === "method") return { method: "HEAD" };
  return what === "credentials" ? { credentials: { ...credentials, accessKeyId: "OTHER", sessionToken: "x" } } : {};
}

/** Text that has no UTF-8 form, a header that leaves its line, a stretch of time that stores refuse. */
function mustBeRefused(given: Case): boolean {
  const token = given.token ?? "";
  const headers = Object.entries(given.headers).filter(
    // A request's own take their place.
    ([name]) => given.kind === "link" || !/^(?:authorization|x-amz-date)$/i.test(name),
  );
  return (
    [given.key, token, ...Object.keys(given.query), ...Object.values(given.query)].some((one) =>
      /\p{Surrogate}/u.test(one),
    ) ||
    new Set(Object.keys(given.headers).map((name) => name.toLowerCase())).size < Object.keys(given.headers).length ||
    headers.some(([name, value]) => /[^!#$%&'*+\-.^_`|~0-9A-Za-z]|^$/.test(name) || /[^\t -~]/.test(value)) ||
    (given.kind === "headers" && /[^\t -~]/.test(token)) ||
    (given.kind === "link" && ![1, 60, 3600, 604_800].includes(given.expiresSeconds))
  );
}

export const fuzzTarget: FuzzTarget = {
  name: "s3-sign",
  subject: "lib/storage/src/drivers/s3/sign.ts",
  further: ["lib/storage/src/drivers/s3/sign-canonical.ts", "lib/storage/src/drivers/s3/sign-key.ts"],
  generate: (random) => new TextEncoder().encode(JSON.stringify(aCase(random))),
  run(input) {
    const given = JSON.parse(new TextDecoder().decode(input)) as Case;
    const arrived = make(given);
    if (arrived === undefined) {
      if (!mustBeRefused(given)) throw new Error("refused without a reason");
      return "rejected";
    }
    if (mustBeRefused(given)) throw new Error("accepted what cannot be sent");
    const fault = signatureFault(arrived, given.secret);
    if (fault !== undefined) throw new Error(fault);
    const path = arrived.target.split("?", 1)[0] ?? "";
    if (decodeURIComponent(path) !== `/${given.key}`) throw new Error(`the path is ${path}`);
    return "accepted";
  },
};
