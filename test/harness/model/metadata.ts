/** Sections 3.7 and 3.8: the inputs as values, and those as JSON text. */
import { Buffer } from "node:buffer";

/** Integers are bigints, floats numbers: so that `1` of either kind is told apart where it matters. */
export type Plain = null | boolean | bigint | number | string | readonly Plain[] | ReadonlyMap<string, Plain>;

/** Compact JSON, members sorted by UTF-8 bytes, marks of HTML escaped, negative zero kept; non-finite numbers as text. */
export function jsonText(value: Plain): string {
  if (value === null) return "null";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return quoted(String(value));
    return Object.is(value, -0) ? "-0" : JSON.stringify(value);
  }
  if (value instanceof Map) {
    const members: (readonly [string, Plain])[] = [...(value as ReadonlyMap<string, Plain>)];
    members.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return `{${members.map(([key, member]) => `${quoted(key)}:${jsonText(member)}`).join(",")}}`;
  }
  return `[${(value as readonly Plain[]).map(jsonText).join(",")}]`;
}

/** The same values as plain data, with non-finite numbers as text, for comparison with YAML that was read. */
export function plainData(value: Plain): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value instanceof Map) {
    return Object.fromEntries([...(value as ReadonlyMap<string, Plain>)].map(([key, of]) => [key, plainData(of)]));
  }
  return Array.isArray(value) ? (value as readonly Plain[]).map(plainData) : value;
}

function quoted(text: string): string {
  let out = "";
  for (const unit of JSON.stringify(text)) {
    const code = unit.codePointAt(0) ?? 0;
    const escaped = unit === "<" || unit === ">" || unit === "&" || code === 0x2028 || code === 0x2029;
    out += escaped ? `\\u${code.toString(16).padStart(4, "0")}` : unit;
  }
  return out;
}
