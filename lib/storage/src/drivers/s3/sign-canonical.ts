import { DataPlaneError } from "@flyte-dataplane/core";

/** The spelling on which client and store must agree before they hash it. */

export interface CanonicalHeaders {
  /** `name:value`, each with its line end, ascending by name. */
  readonly lines: string;
  /** The names, joined by semicolons. */
  readonly names: string;
}

/** Not signed: what clients and proxies add, change or remove under way. */
const unsigned: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "connection",
  "expect",
  "from",
  "keep-alive",
  "max-forwards",
  "pragma",
  "referer",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id",
]);

/**
 * With `host` always among them; the names of `headers` are in lower case. Throws `invalid_argument` for headers that cannot
 * be sent as they are.
 */
export function canonicalHeaders(host: string, headers: Readonly<Record<string, string>>): CanonicalHeaders {
  checkHeader("host", host);
  const names = ["host"];
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? "";
    checkHeader(name, value);
    if (name === "host" && value !== host) throw new DataPlaneError("invalid_argument", "sign: two hosts are named");
    if (name === "host" || unsigned.has(name) || name.startsWith("proxy-") || name.startsWith("sec-")) continue;
    names.push(name);
  }
  names.sort();
  let lines = "";
  for (const name of names) lines += `${name}:${name === "host" ? host : singleSpaced(headers[name] ?? "")}\n`;
  return { lines, names: names.join(";") };
}

function singleSpaced(value: string): string {
  return /[ \t]/.test(value) ? value.replace(/[ \t]+/g, " ").replace(/^ | $/g, "") : value;
}

/** Throws `invalid_argument` where two spellings of a name would send two headers and sign one. */
export function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  const lowered: Record<string, string> = {};
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase();
    if (Object.hasOwn(lowered, name)) {
      throw new DataPlaneError("invalid_argument", `sign: the header ${JSON.stringify(name)} is given twice`);
    }
    lowered[name] = value;
  }
  return lowered;
}

function checkHeader(name: string, value: string): void {
  // A token of RFC 9110. A line end in a value would sign one request and send another; letters beyond ASCII have several
  // spellings in a header, of which client and store would hash two.
  if (/^[!#$%&'*+\-.^_`|~\w]+$/.test(name) && /^[\t -~]*$/.test(value)) return;
  throw new DataPlaneError("invalid_argument", `sign: the header ${JSON.stringify(name)} cannot be sent`);
}

/** Encodes and joins parameters in the order in which they are signed. */
export function encodeQuery(parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map(([name, value]): Pair => [encode(name), encode(value)]);
  return joinQuery(pairs);
}

/** The query of a target, which is encoded already, in the order in which it is signed. */
export function canonicalQuery(query: string): string {
  if (query === "") return "";
  const pairs = query.split("&").map((part): Pair => {
    const sign = part.indexOf("=");
    return sign < 0 ? [part, ""] : [part.slice(0, sign), part.slice(sign + 1)];
  });
  return joinQuery(pairs);
}

type Pair = readonly [name: string, value: string];

/** By name, then by value; sorting whole parts would compare a name's next character with `=`. */
function joinQuery(pairs: Pair[]): string {
  pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

/** By bytes, which for encoded text are its characters. */
function compare(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** See `encodeKey`; `keepSlash` tells a path from everything else. */
export function encode(text: string, keepSlash = false): string {
  if ((keepSlash ? /^[\w\-.~/]*$/ : /^[\w\-.~]*$/).test(text)) return text;
  let encoded: string;
  try {
    encoded = encodeURIComponent(text);
  } catch (cause) {
    throw new DataPlaneError("invalid_argument", "sign: the text is not valid Unicode", { cause });
  }
  const escaped = encoded.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  // A `%2F` that stood in the text itself is `%252F` by now.
  return keepSlash ? escaped.replaceAll("%2F", "/") : escaped;
}
