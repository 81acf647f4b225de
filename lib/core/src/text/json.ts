import { isUtf8 } from "node:buffer";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { compareUtf8 } from "../wire/encode-deterministic.ts";
import { notA } from "./refusal.ts";

/**
 * Compact JSON of a Struct as tasks find it in files: keys sorted by UTF-8 bytes, `<`, `>`, `&` and the two line
 * separators escaped, numbers as ECMAScript prints them. What JSON has no number for becomes the text `NaN`,
 * `Infinity` or `-Infinity`.
 */
export function formatStruct(value: JsonValue): string {
  if (value === null) return "null";
  if (typeof value === "string") return jsonString(value);
  if (typeof value === "number") return Number.isFinite(value) ? jsonNumber(value) : `"${value}"`;
  if (typeof value === "boolean") return value ? "true" : "false";
  if (Array.isArray(value)) return `[${value.map(formatStruct).join(",")}]`;
  const members = Object.entries(value).sort(([a], [b]) => compareUtf8(a, b));
  return `{${members.map(([key, member]) => `${jsonString(key)}:${formatStruct(member)}`).join(",")}}`;
}

/** A finite number as ECMAScript prints it, except that negative zero keeps its sign. */
export function jsonNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : value.toString();
}

/** A JSON string that is also safe inside HTML and JavaScript source. */
export function jsonString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Levels of a JSON document that still fit into a message, where an object takes three, with what stands around it. */
const maxJsonDepth = 31;

/**
 * Reads one JSON object; `null` is an empty one. Text after the first value is ignored, of repeated keys the last
 * counts. Throws `invalid_argument` (origin user) for anything else: invalid UTF-8, a byte order mark, numbers beyond
 * 64-bit floats, more than {@link maxJsonDepth} levels, and the key `__proto__`, which cannot be carried.
 */
export function parseStruct(content: Uint8Array): JsonObject {
  if (!isUtf8(content)) throw notA("a JSON object", "", "the bytes are not UTF-8");
  const text = Buffer.from(content).toString("utf8");
  const first = firstValue(text);
  let value: JsonValue;
  try {
    value = JSON.parse(first) as JsonValue;
  } catch {
    throw notA("a JSON object", text, "it is malformed");
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value))
    throw notA("a JSON object", text, "it is another kind of value");
  checkMembers(text, value);
  return value;
}

/** The text up to the end of its first value, found by brackets alone; JSON.parse judges the rest. */
function firstValue(text: string): string {
  const start = text.search(/[^ \t\r\n]/);
  if (start < 0) throw notA("a JSON object", text, "it is empty");
  if (text[start] !== "{") return /^null(?![\w$])/.test(text.slice(start, start + 5)) ? "null" : text;
  let depth = 0;
  const token = /["[\]{}]/g;
  token.lastIndex = start;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === '"') token.lastIndex = stringEnd(text, found.index);
    else if (found[0] === "{" || found[0] === "[") depth += 1;
    else depth -= 1;
    if (depth > maxJsonDepth) throw notA("a JSON object", text, `it is nested deeper than ${maxJsonDepth} levels`);
    if (depth === 0) return text.slice(start, token.lastIndex);
  }
  return text;
}

function stringEnd(text: string, quote: number): number {
  for (let i = quote + 1; i < text.length; i += 1) {
    if (text[i] === "\\") i += 1;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

function checkMembers(text: string, value: JsonValue): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw notA("a JSON object", text, "a number is too large for a 64-bit float");
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === "__proto__") throw notA("a JSON object", text, 'the key "__proto__" is not supported');
    checkMembers(text, member);
  }
}
