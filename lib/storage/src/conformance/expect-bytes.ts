import { Buffer } from "node:buffer";
import { expect } from "vitest";

/** Expects equal bytes; at once also where there are millions, which a deep comparison would visit one by one. */
export function expectBytes(actual: Uint8Array | ArrayBuffer, expected: Uint8Array | string): void {
  const received = actual instanceof ArrayBuffer ? Buffer.from(actual) : Buffer.from(actual);
  const wanted = typeof expected === "string" ? Buffer.from(expected) : Buffer.from(expected);
  expect(received.byteLength).toBe(wanted.byteLength);
  expect(received.equals(wanted), "the bytes differ").toBe(true);
}
