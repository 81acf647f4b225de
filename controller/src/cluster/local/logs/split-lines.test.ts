import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter, maxLineBytes, type RawLine } from "./split-lines.ts";

function split(chunks: readonly (string | Uint8Array)[]): readonly RawLine[] {
  const splitter = new LineSplitter(0);
  return [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk as string))), ...splitter.end()];
}

test.each([
  { name: "nothing", chunks: [], lines: [] },
  { name: "two lines", chunks: ["a\nb\n"], lines: ["a", "b"] },
  { name: "a line in pieces", chunks: ["a", "b", "\nc"], lines: ["ab", "c"] },
  { name: "an empty line", chunks: ["\n\n"], lines: ["", ""] },
  { name: "a terminal's line end", chunks: ["a\r\nb\r"], lines: ["a", "b\r"] },
  { name: "a character in pieces", chunks: [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], lines: ["é"] },
  { name: "bytes that are not UTF-8", chunks: [Buffer.from([0x61, 0xff, 0x0a])], lines: ["a\ufffd"] },
])("$name is split into its lines", ({ chunks, lines }) => {
  expect(split(chunks).map(({ text }) => text)).toEqual(lines);
});

test("a line longer than the limit comes in pieces that lose nothing and cut no character", () => {
  const text = "é".repeat(maxLineBytes);
  const pieces = split([`${text}\n`]);
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.map((piece) => piece.text).join("")).toBe(text);
});

test("however the bytes arrive, the lines and their offsets are the same", () => {
  const bytes = fc
    .uint8Array({ maxLength: 60 })
    .map((values) => values.map((value) => (value % 5 === 0 ? 0x0a : value)));
  fc.assert(
    fc.property(fc.array(bytes), (chunks) => {
      const whole = Buffer.concat(chunks);
      const lines = split(chunks);
      expect(lines).toEqual(split([whole]));
      expect(lines.at(-1)?.endOffset ?? 0).toBe(whole.length);
    }),
  );
});
