/** Where uploads and input documents lie (dataproxy.md 3.1, 3.2), and which names callers may give. */
import { invalid } from "./refusal.ts";

/** Bytes; what every object store takes. */
const maxKeyBytes = 1024;

/** Folders of uploads are named by content: RFC 4648 base 32, upper case, with padding. 16 bytes give 32 characters. */
export function contentFolder(md5: Uint8Array): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = 0;
  let value = 0;
  let text = "";
  for (const byte of md5) {
    value = (value << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += alphabet.charAt((value >>> (bits - 5)) & 31);
    value &= (1 << bits) - 1;
  }
  if (bits > 0) text += alphabet.charAt((value << (5 - bits)) & 31);
  return text.padEnd(Math.ceil(text.length / 8) * 8, "=");
}

/** `project` and `domain` are one segment of a key each. Throws `invalid_argument`. */
export function checkSegment(operation: string, field: string, value: string): string {
  if (value === "") throw invalid(operation, `${field} is empty`);
  if (value.includes("/")) throw invalid(operation, `${field} "${printable(value)}" holds a slash`);
  return checkPath(operation, field, value);
}

/** A path of segments, taken literally. Throws `invalid_argument` for what could escape, collide or not be read back. */
export function checkPath(operation: string, field: string, value: string): string {
  const bad = /[\p{Cc}?#%\\]/u.exec(value);
  if (bad !== null)
    throw invalid(operation, `${field} "${printable(value)}" holds ${JSON.stringify(bad[0])} at offset ${bad.index}`);
  if (Buffer.from(value, "utf8").toString("utf8") !== value)
    throw invalid(operation, `${field} is not well-formed Unicode`);
  for (const segment of value.split("/")) {
    if (segment === "" || segment === "." || segment === "..") {
      throw invalid(
        operation,
        `${field} "${printable(value)}" has the segment "${segment}"; use plain names between single slashes`,
      );
    }
  }
  return value;
}

/** Joins the parts that are not empty and checks the length of the key. */
export function objectPath(operation: string, base: string, parts: readonly string[]): string {
  const key = parts.filter((part) => part !== "").join("/");
  const length = Buffer.byteLength(key);
  if (length > maxKeyBytes)
    throw invalid(operation, `the object's key has ${length} bytes; stores take ${maxKeyBytes}`);
  return `${base.replace(/\/+$/, "")}/${key}`;
}

function printable(value: string): string {
  const shown = value.length > 80 ? `${value.slice(0, 80)}…` : value;
  return JSON.stringify(shown).slice(1, -1);
}
