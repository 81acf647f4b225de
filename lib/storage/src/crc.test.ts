import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bodyCheck, crc32Of, crcBytes, loadCrc32c } from "./crc.ts";

/** The nine digits for which every checksum's definition names its value. */
const digits = new TextEncoder().encode("123456789");

describe("checksums of bodies", () => {
  it("have the values of their definitions, in one piece and in several", async () => {
    const crc32c = await loadCrc32c();
    expect(crc32Of(digits)).toBe(0xcbf43926);
    expect(crc32c(digits)).toBe(0xe3069283);
    expect(crc32Of(digits.subarray(4), crc32Of(digits.subarray(0, 4)))).toBe(0xcbf43926);
    expect(crc32c(digits.subarray(4), crc32c(digits.subarray(0, 4)))).toBe(0xe3069283);
    expect(crc32c(digits.slice())).toBe(0xe3069283);
  });

  it("go on where they stopped when the addon takes over from Node", async () => {
    const chunk = new Uint8Array(4 * 1024 * 1024).map((_zero, index) => (index * 31) % 251);
    const chunks = Array.from({ length: 8 }, () => chunk);
    // More than Node hashes before the addon is asked for; a turn of the event loop after each lets it arrive.
    let running = 0;
    for (const each of chunks) {
      running = crc32Of(each, running);
      await import("@node-rs/crc32");
    }
    expect(running).toBe(crc32(Buffer.concat(chunks)));
    expect(crc32Of(digits)).toBe(0xcbf43926);
  });

  it("are written with their most significant byte first", () => {
    expect([...crcBytes(0x01020304)]).toEqual([1, 2, 3, 4]);
  });

  it.each([
    { name: "CRC32", checksums: { crc32: crcBytes(0xcbf43926) } },
    { name: "CRC32C", checksums: { crc32c: crcBytes(0xe3069283) } },
  ])("by $name accept the body as it was stored and no other", async ({ checksums }) => {
    const check = await bodyCheck(checksums);
    check?.add(digits.subarray(0, 2));
    check?.add(digits.subarray(2));
    expect(() => check?.end()).not.toThrow();
    const other = await bodyCheck(checksums);
    other?.add(digits.subarray(1));
    expect(() => other?.end()).toThrow(expect.objectContaining({ code: "data_loss" }));
  });

  it("are left out where the store keeps none", async () => {
    expect(await bodyCheck(undefined)).toBeUndefined();
    expect(await bodyCheck({})).toBeUndefined();
  });
});
