import { Buffer } from "node:buffer";
import { compareUtf8, jsonNumber, jsonString } from "@flyte-dataplane/core";

/** A value as `inputs.json` and `inputs.yaml` show it. Integers are bigints, so that no digit is lost. */
export type MetadataValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly MetadataValue[]
  | ReadonlyMap<string, MetadataValue>;

/** Compact JSON, keys sorted by their UTF-8 bytes; numbers that JSON lacks become the texts `NaN`, `Infinity`, `-Infinity`. */
export function toJson(value: MetadataValue): string {
  if (value === null) return "null";
  if (typeof value === "number") return Number.isFinite(value) ? jsonNumber(value) : `"${value}"`;
  if (typeof value === "string") return jsonString(value);
  if (typeof value !== "object") return value.toString();
  if (isList(value)) return `[${joined(value, toJson)}]`;
  return joinJson([...value.keys()], (key) => memberJson(key, value.get(key) ?? null));
}

/** One member of a JSON object. */
export function memberJson(key: string, value: MetadataValue): string {
  return `${jsonString(key)}:${toJson(value)}`;
}

/** The object of the members with these keys; `member` gives the text of each. */
function joinJson(keys: readonly string[], member: (key: string) => string): string {
  return `{${joined(keys.toSorted(compareUtf8), member)}}`;
}

/** Texts that are joined at once. */
const textsPerBlock = 1024;

/** The texts of all items with commas between them, of which few are there at a time: a hundred thousand take megabytes. */
function joined<Item>(items: readonly Item[], textOf: (item: Item) => string): string {
  const blocks: string[] = [];
  for (let start = 0; start < items.length; start += textsPerBlock) {
    blocks.push(
      items
        .slice(start, start + textsPerBlock)
        .map((item) => textOf(item))
        .join(","),
    );
  }
  return blocks.join(",");
}

/**
 * One member of a mapping, as block-style YAML. Every text and key is double-quoted: so none reads as another type, in YAML
 * 1.1 or 1.2.
 */
export function memberYaml(key: string, value: MetadataValue): string {
  return block(new Map([[key, value]]), "").replace(/^\n/, "");
}

/** What follows a key or a dash: a scalar on the same line, or a block below, indented by `indent`. */
function block(value: MetadataValue, indent: string): string {
  if (isList(value) && value.length > 0) {
    return value.map((item) => `\n${indent}- ${block(item, `${indent}  `).replace(/^\n\s*/, "")}`).join("");
  }
  if (isMap(value) && value.size > 0) {
    return sorted(value)
      .map(([key, member]) => {
        const below = block(member, isList(member) ? indent : `${indent}  `);
        return `\n${indent}${yamlString(key)}:${below.startsWith("\n") ? below : ` ${below}`}`;
      })
      .join("");
  }
  return scalar(value);
}

function scalar(value: MetadataValue): string {
  if (typeof value === "string") return yamlString(value);
  if (typeof value === "number") return Number.isFinite(value) ? yamlNumber(value) : `"${value}"`;
  return toJson(value);
}

/** YAML 1.1 takes a number with an exponent for text unless it has a point. */
function yamlNumber(value: number): string {
  return jsonNumber(value).replace(/^(-?\d+)e/, "$1.0e");
}

/** JSON's escapes are YAML's; what JSON leaves literal and YAML forbids is escaped too. */
function yamlString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function sorted<Value>(members: Iterable<readonly [string, Value]>): readonly (readonly [string, Value])[] {
  return [...members].sort(([a], [b]) => compareUtf8(a, b));
}

function isList(value: MetadataValue): value is readonly MetadataValue[] {
  return Array.isArray(value);
}

function isMap(value: MetadataValue): value is ReadonlyMap<string, MetadataValue> {
  return value instanceof Map;
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
