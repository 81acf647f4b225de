import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";

const prefix = "x-amz-meta-";

/**
 * Headers that keep `metadata` with an object. Names become lower case, as HTTP has it. What a header cannot hold as it
 * is (letters beyond ASCII, blanks at the ends, control characters, text that looks encoded) goes as an encoded word of
 * RFC 2047, which is how AWS itself gives such values back. Throws `invalid_argument` for names that are no token.
 */
export function metadataHeaders(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
      throw new DataPlaneError("invalid_argument", `metadata name "${printable(name)}" cannot stand in a header`);
    }
    const header = `${prefix}${name.toLowerCase()}`;
    if (header in headers) {
      throw new DataPlaneError("invalid_argument", `metadata name "${name}" is given twice, in other letters`);
    }
    headers[header] = isPlain(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`;
  }
  return headers;
}

/** Metadata of an answer, encoded words decoded; undefined where there is none. */
export function metadataOf(headers: ReadonlyMap<string, string>): Readonly<Record<string, string>> | undefined {
  let names: string[] | undefined;
  for (const name of headers.keys()) if (name.startsWith(prefix)) (names ??= []).push(name);
  if (names === undefined) return undefined;
  // Entries, not assignment: a name such as __proto__ is a name like any other.
  return Object.fromEntries(names.map((name) => [name.slice(prefix.length), decode(headers.get(name) ?? "")]));
}

/** Blanks inside are fine where they are single: signatures fold longer stretches, and stores may do so too. */
function isPlain(value: string): boolean {
  return value === "" || (/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(value) && !value.includes("=?"));
}

/** Encoded words next to one another belong together, whatever blanks stand between them. */
function decode(value: string): string {
  if (!value.includes("=?")) return utf8(value);
  const word = /=\?utf-8\?([bq])\?([^?\s]*)\?=(?:\s+(?==\?utf-8\?[bq]\?[^?\s]*\?=))?/gi;
  const parts: Buffer[] = [];
  let at = 0;
  for (const match of value.matchAll(word)) {
    const [all, encoding = "", text = ""] = match;
    parts.push(Buffer.from(value.slice(at, match.index), "latin1"), decodeWord(encoding, text));
    at = match.index + all.length;
  }
  parts.push(Buffer.from(value.slice(at), "latin1"));
  return Buffer.concat(parts).toString("utf8");
}

function decodeWord(encoding: string, text: string): Buffer {
  if (encoding.toLowerCase() === "b") return Buffer.from(text, "base64");
  const bytes = text
    .replaceAll("_", " ")
    .replace(/=([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1");
}

/** Some stores give raw UTF-8 in a header, which arrives byte by byte. */
function utf8(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  const text = bytes.toString("utf8");
  return text.includes("\uFFFD") ? value : text;
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 100);
}
