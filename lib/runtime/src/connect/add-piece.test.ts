import { expect, test } from "vitest";
import { addPiece } from "./add-piece.ts";

test("bytes that come one by one are held in few pieces, in order", () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 1) addPiece(pieces, bytes.subarray(at, at + 1));
  expect(pieces.length).toBeLessThan(100);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});

test("large pieces are kept as they came", () => {
  const pieces: Uint8Array[] = [];
  const large = new Uint8Array(16 * 1024);
  for (let n = 0; n < 3; n += 1) addPiece(pieces, large);
  expect(pieces.map((piece) => piece === large)).toEqual([true, true, true]);
});
