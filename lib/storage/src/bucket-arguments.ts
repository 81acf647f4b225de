import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { GetOptions } from "./driver.ts";

/** Bytes; what the object stores accept. */
const maxKeyBytes = 1024;

/** Throws `invalid_argument` unless `key` is a name that a store can hold. */
export function checkKey(key: string): void {
  if (key === "") throw invalid("the key is empty");
  checkPrefix(key);
}

/** As `checkKey`; the empty prefix stands for everything. */
export function checkPrefix(prefix: string): void {
  // A lone surrogate has no UTF-8 form: two such keys would meet under one replacement character.
  if (/\p{Surrogate}/u.test(prefix)) throw invalid("the key is not valid Unicode");
  if (prefix.includes("\0")) throw invalid("the key holds a NUL character");
  // No letter has more than three bytes per unit.
  if (prefix.length * 3 <= maxKeyBytes) return;
  const bytes = Buffer.byteLength(prefix);
  if (bytes > maxKeyBytes) throw invalid(`the key has ${bytes} bytes; at most ${maxKeyBytes} are possible`);
}

export function checkRange(range: GetOptions["range"]): void {
  if (range === undefined) return;
  if (!isCount(range.offset) || (range.length !== undefined && !isCount(range.length))) {
    throw invalid(`the range ${range.offset}+${range.length ?? "…"} is not made of whole, non-negative numbers`);
  }
}

export function checkDigest(given: {
  readonly contentMd5?: Uint8Array | undefined;
  readonly length?: number | undefined;
}): void {
  if (given.contentMd5 !== undefined && given.contentMd5.byteLength !== 16) {
    throw invalid(`an MD5 has 16 bytes, not ${given.contentMd5.byteLength}`);
  }
  if (given.length !== undefined && !isCount(given.length)) {
    throw invalid(`the length ${given.length} is not a whole, non-negative number`);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function invalid(message: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", message);
}
