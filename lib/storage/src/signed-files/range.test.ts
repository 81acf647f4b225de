import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRange } from "./range.ts";

describe("a Range header", () => {
  it("of any text stays inside the object", () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.nat().map((n) => `bytes=-${n}`),
    );
    fc.assert(
      fc.property(header, fc.nat(), (text, size) => {
        const range = parseRange(text, size);
        if (range.kind !== "part") return;
        expect(range.length).toBeGreaterThan(0);
        expect(range.offset + range.length).toBeLessThanOrEqual(size);
      }),
    );
  });

  it("of first and last byte gives them, both included", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 2001, max: 5000 }), (first, more, size) => {
        expect(parseRange(`bytes=${first}-${first + more}`, size)).toEqual({
          kind: "part",
          offset: first,
          length: more + 1,
        });
      }),
    );
  });
});
