import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compressed, requestCompression, responseCompression } from "../src/connect/compression.ts";

describe("what comes packed", () => {
  test.each(["gzip", "br"])("in %s is unpacked, small or large, and no further than the limit", async (name) => {
    const packing = requestCompression(name, "accept-encoding");
    for (const size of [0, 10, 100_000]) {
      const bytes = new Uint8Array(size).fill(7);
      const packed = await packing?.compress(bytes);
      expect(await packing?.decompress(packed ?? bytes, Math.max(1, size))).toEqual(Buffer.from(bytes));
      if (size < 2) continue;
      const tooMuch = async (): Promise<unknown> => await packing?.decompress(packed ?? bytes, size - 1);
      await expect(tooMuch()).rejects.toThrow(`larger than ${size - 1} bytes`);
    }
  });

  test("as nothing at all is nothing", async () => {
    expect(await requestCompression("gzip", "x")?.decompress(new Uint8Array(), 10)).toHaveLength(0);
  });

  test.each([
    { name: "cut off", bytes: gzipSync("text").subarray(0, 12) },
    { name: "something else", bytes: Buffer.alloc(5000, 7) },
  ])("and is $name is an invalid argument", async ({ bytes }) => {
    const unpack = async (): Promise<unknown> => await requestCompression("gzip", "x")?.decompress(bytes, 10_000);
    await expect(unpack()).rejects.toThrow("[invalid_argument] the message is not gzip");
  });
});

describe("what the caller takes", () => {
  const gzip = requestCompression("gzip", "x");

  test.each([
    { accepted: "gzip", name: "gzip" },
    { accepted: "zstd, br;q=0.5, gzip", name: "br" },
    { accepted: "gzip;q=0, BR", name: "br" },
    { accepted: "identity", name: undefined },
    { accepted: "zstd", name: undefined },
    { accepted: undefined, name: "gzip" },
    { accepted: "", name: "gzip" },
  ])("of $accepted, having sent gzip, is $name", ({ accepted, name }) => {
    expect(responseCompression(accepted, gzip)?.name).toBe(name);
  });

  test("is not packed where it is small", () => {
    expect(compressed(new Uint8Array(1023), gzip)).toBeUndefined();
    expect(compressed(new Uint8Array(1024), gzip)).toBeDefined();
  });
});
