import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ExactJson, isExactList, isExactNumber, parseExactJson } from "./exact-json.ts";

const parse = (text: string): ExactJson => parseExactJson(new TextEncoder().encode(text));

/** As `JSON.parse` has it. */
function plain(value: ExactJson): unknown {
  if (isExactNumber(value)) return Number(value.digits);
  if (isExactList(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
}

describe("parseExactJson", () => {
  test("reads whatever JSON.parse reads, as that does", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom("", " ", "\n\t\r "), (text, blank) => {
        expect(plain(parse(`${blank}${text}${blank}`))).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test("refuses, with an error of the user, whatever JSON.parse refuses, and else only what UTF-8 cannot hold", () => {
    const mutated = fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom("", ",", '"', "{", "}", "]", "1", "-", ".", "\\", "n", "\u0001", "e"),
      )
      .map(([text, at, insert]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + insert + text.slice(place + (insert === "" ? 1 : 0));
      });
    fc.assert(
      fc.property(mutated, (text) => {
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expect(() => parse(text)).toThrow(
            expect.objectContaining({ code: "invalid_argument", origin: "user" }) as Error,
          );
          return;
        }
        expect(plain(parse(text))).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test("keeps all digits of a number, and of repeated keys the last", () => {
    expect(parse("[12345678901234567890, 1.50, -0]")).toEqual([
      { digits: "12345678901234567890" },
      { digits: "1.50" },
      { digits: "-0" },
    ]);
    expect(parse('{"a": 1, "a": true}')).toEqual(new Map([["a", true]]));
  });

  test.each([
    ["", "malformed"],
    ["[1] 2", "text follows"],
    ["[".repeat(102), "deeper"],
    ["\ufeff[]", "malformed"],
    ["[1,]", "value is missing"],
    ["{1: 2}", "key is missing"],
    ['{"a" 1}', 'expected ":"'],
    ['["\\ud800"]', "surrogate"],
    ['{"\\udc00": 1}', "surrogate"],
  ])("%j is refused: %s", (text, says) => {
    expect(() => parse(text)).toThrow(says);
  });

  test("both halves of a surrogate pair are one character, written out or not", () => {
    expect(parse('["\\ud83d\\ude00", "😀"]')).toEqual(["😀", "😀"]);
  });

  test("bytes that are no UTF-8 are refused", () => {
    expect(() => parseExactJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow("UTF-8");
  });
});
