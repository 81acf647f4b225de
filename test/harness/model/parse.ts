/** Section 4.5: what a task's files mean by their declared types. */
import { Buffer, isUtf8 } from "node:buffer";
import type { SimpleName } from "../output-type.ts";
import {
  binary,
  boolean,
  datetime,
  duration,
  float,
  integer,
  type Json,
  none,
  struct,
  text,
  type Value,
} from "../value.ts";

/** The value in a file's bytes, or undefined where the type does not accept them. */
export function parse(type: SimpleName, content: Uint8Array): Value | undefined {
  const bytes = trim(content);
  if (type === "BINARY") return binary(bytes);
  if (type === "NONE") return none;
  const said = Buffer.from(bytes).toString("utf8");
  if (type === "STRING") return isUtf8(bytes) ? text(said) : undefined;
  if (type === "ERROR") return isUtf8(bytes) ? { is: "error", message: said } : undefined;
  if (!isUtf8(bytes)) return undefined;
  switch (type) {
    case "INTEGER":
      return parseInteger(said);
    case "FLOAT":
      return parseFloatText(said);
    case "BOOLEAN":
      if (/^(1|t|T|TRUE|true|True)$/.test(said)) return boolean(true);
      return /^(0|f|F|FALSE|false|False)$/.test(said) ? boolean(false) : undefined;
    case "DATETIME":
      return parseDatetime(said);
    case "DURATION":
      return parseDurationText(said);
    case "STRUCT":
      return parseStructText(said);
  }
}

const blanks: ReadonlySet<number | undefined> = new Set([0x20, 0x0a, 0x09]);

/** Space, newline and tab at both ends; a carriage return stays. */
export function trim(content: Uint8Array): Uint8Array {
  let [from, to] = [0, content.byteLength];
  while (from < to && blanks.has(content[from])) from += 1;
  while (to > from && blanks.has(content[to - 1])) to -= 1;
  return content.subarray(from, to);
}

function parseInteger(said: string): Value | undefined {
  if (!/^[+-]?[0-9]+$/.test(said)) return undefined;
  const value = BigInt(said.replace(/^[+-]/, "")) * (said.startsWith("-") ? -1n : 1n);
  return BigInt.asIntN(64, value) === value ? integer(value) : undefined;
}

function parseFloatText(said: string): Value | undefined {
  const sign = said.startsWith("-") ? -1 : 1;
  if (/^[+-]?(inf|infinity)$/i.test(said)) return float(sign * Number.POSITIVE_INFINITY);
  if (/^nan$/i.test(said)) return float(Number.NaN);
  const hex = /^[+-]?0x([0-9a-f]*)(?:\.([0-9a-f]*))?p([+-]?[0-9]+)$/i.exec(said);
  if (hex !== null) {
    const [, whole = "", part = "", power = "0"] = hex;
    if (`${whole}${part}` === "") return undefined;
    return float(sign * Number.parseInt(`${whole}${part}`, 16) * 2 ** (Number(power) - 4 * part.length));
  }
  // Underscores stand between digits.
  if (/^_|__|_$|_[^0-9]|[^0-9]_/.test(said)) return undefined;
  const plain = said.replaceAll("_", "");
  if (!/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? float(value) : undefined;
}

function parseDatetime(said: string): Value | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:(Z)|([+-])(\d\d):(\d\d))$/.exec(said);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month - 1) return undefined;
  const [offsetHours, offsetMinutes] = [Number(match[10] ?? 0), Number(match[11] ?? 0)];
  if (offsetHours > 24 || offsetMinutes > 60) return undefined;
  const offset = (offsetHours * 3600 + offsetMinutes * 60) * (match[9] === "-" ? -1 : 1);
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
  return datetime(BigInt(seconds), Number((match[7] ?? "").slice(0, 9).padEnd(9, "0")));
}

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  "\u00b5s": 1000n,
  "\u03bcs": 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

function parseDurationText(said: string): Value | undefined {
  const unsigned = said.replace(/^[+-]/, "");
  if (unsigned === "0") return duration(0n);
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/.test(unsigned)) return undefined;
  let nanos = 0n;
  for (const [, number = "", unit = ""] of unsigned.matchAll(/([\d.]+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g)) {
    const [whole = "", part = ""] = number.split(".");
    const per = unitNanos[unit] ?? 0n;
    nanos += BigInt(whole === "" ? 0 : whole) * per;
    if (part !== "") nanos += (BigInt(part) * per) / 10n ** BigInt(part.length);
  }
  if (nanos > 2n ** 63n - (said.startsWith("-") ? 0n : 1n)) return undefined;
  const signed = said.startsWith("-") ? -nanos : nanos;
  return duration(signed / 1_000_000_000n, Number(signed % 1_000_000_000n));
}

/** One object, after which anything may follow; cases keep to values that JSON.parse reads as the contract says. */
function parseStructText(said: string): Value | undefined {
  for (let end = said.length; end > 0; end -= 1) {
    try {
      const value = JSON.parse(said.slice(0, end)) as Json;
      if (value === null) return struct({});
      if (typeof value !== "object" || Array.isArray(value)) return undefined;
      return holdsInfinity(value) ? undefined : struct(value as { readonly [key: string]: Json });
    } catch {
      // A shorter beginning may be a whole value.
    }
  }
  return undefined;
}

function holdsInfinity(value: Json): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsInfinity);
}
