import { describe, expect, test } from "vitest";
import { msgpackText } from "./msgpack-text.ts";

const text = (hex: string, longest = 4_000) => msgpackText(Buffer.from(hex.replaceAll(" ", ""), "hex"), longest);

describe("msgpack as text", () => {
  test.each([
    { name: "small numbers", hex: "93 07 ff e0", shown: "[\n  7,\n  -1,\n  -32\n]" },
    {
      name: "wide numbers",
      hex: "93 cd0100 d3ffffffffffffff00 cfffffffffffffffff",
      shown: "[\n  256,\n  -256,\n  18446744073709551615\n]",
    },
    { name: "a float", hex: "cb 3ff8000000000000", shown: "1.5" },
    { name: "nothing, and truth", hex: "93 c0 c2 c3", shown: "[\n  null,\n  false,\n  true\n]" },
    { name: "a text of each length", hex: "92 a2c3a9 d90161", shown: '[\n  "é",\n  "a"\n]' },
    { name: "a map with keys of any kind", hex: "82 a161 01 02 80", shown: '{\n  "a": 1,\n  2: {}\n}' },
    { name: "bytes by their number", hex: "c403 000102", shown: "<3 bytes>" },
    { name: "an extension by its kind", hex: "d6ff 00000001", shown: "<extension -1, 4 bytes>" },
    { name: "an empty list", hex: "90", shown: "[]" },
  ])("shows $name", ({ hex, shown }) => {
    expect(text(hex)).toBe(shown);
  });

  test.each([
    { name: "no bytes at all", hex: "" },
    { name: "bytes after the value", hex: "01 02" },
    { name: "a list that ends too early", hex: "92 01" },
    { name: "a text longer than the document", hex: "dbffffffff 61" },
    { name: "a number cut in half", hex: "ce 0001" },
    { name: "the byte without meaning", hex: "c1" },
  ])("does not show $name", ({ hex }) => {
    expect(text(hex)).toBeUndefined();
  });

  test("does not read past the bytes it was given into their buffer", () => {
    const whole = Buffer.from("9201020304", "hex");
    expect(msgpackText(whole.subarray(0, 2), 100)).toBeUndefined();
  });

  test("stops where enough is written, however many entries are announced", () => {
    const shown = msgpackText(Buffer.concat([Buffer.from("dd00100000", "hex"), Buffer.alloc(1 << 20, 1)]), 100) ?? "";
    expect(shown.length).toBeLessThan(300);
    expect(shown).toContain("…");
  });

  test("stops at a depth", () => {
    expect(msgpackText(Buffer.concat([Buffer.alloc(10_000, 0x91), Buffer.of(1)]), 100_000)).toContain("…");
  });
});
