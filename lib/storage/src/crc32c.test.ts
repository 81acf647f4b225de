import { crc32c as judge } from "@node-rs/crc32";
import { describe, expect, it } from "vitest";
import { someBytes } from "./conformance/index.ts";
import { crc32c } from "./crc32c.ts";

describe("our own CRC32C", () => {
  it("has the value of its definition", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  it("agrees with the addon for every length and start, in one piece and in two", () => {
    const bytes = someBytes(300, 11);
    for (let length = 0; length <= 64; length += 1) {
      for (let start = 0; start < 9; start += 1) {
        const piece = bytes.subarray(start, start + length);
        const half = Math.floor(length / 2);
        expect(crc32c(piece)).toBe(judge(piece));
        expect(crc32c(piece.subarray(half), crc32c(piece.subarray(0, half)))).toBe(judge(piece));
      }
    }
  });
});
