import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataPlaneError } from "../errors.ts";
import { formatPair, parsePairs } from "./stow-config.ts";

describe("parsePairs", () => {
  test.each<readonly [string, [string, string][]]>([
    ["region=us-east-1", [["region", "us-east-1"]]],
    ["secret_key=ab==", [["secret_key", "ab=="]]],
    [
      "a=b,c=d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["scopes=x,y", [["scopes", "x,y"]]],
    ['"k=v"', [["k", "v"]]],
    [
      '"k=a,b==",c=d',
      [
        ["k", "a,b=="],
        ["c", "d"],
      ],
    ],
    ['"k=a""b=c"', [["k", 'a"b=c']]],
    ["k=", [["k", ""]]],
    ["=v", [["", "v"]]],
    ["a=b=c\nd=e", [["a", "b=c"]]],
  ])("%j reads as %j", (token, pairs) => {
    expect(parsePairs(token)).toEqual(pairs);
  });

  test.each(["region", "", "k=x==,y", '{"a":"b=c","d":"e=f"}', 'a=b,c="d"', '"a=b=', '"a=b"x=c'])(
    "%j is refused",
    (token) => {
      expect(() => parsePairs(token)).toThrow(expect.objectContaining({ code: "invalid_argument" }) as Error);
    },
  );
});

describe("formatPair", () => {
  test.each([
    ["region", "eu-west-1", "region=eu-west-1"],
    ["secret_key", "ab==", "secret_key=ab=="],
    ["scopes", "x,y", "scopes=x,y"],
    ["endpoint", "http://h/?a=b,c", '"endpoint=http://h/?a=b,c"'],
  ])("%s and %j make %j", (key, value, token) => {
    expect(formatPair(key, value)).toBe(token);
  });

  test.each([
    ["a key with an equals sign", "a=b", "c"],
    ["a value whose quotes would be stripped", "json", '{"type":"x"}"'],
  ])("%s is refused without showing the value", (_, key, value) => {
    expect(() => formatPair(key, value)).toThrow("cannot be carried by the flag");
  });

  test("every pair that is written reads back as itself, the rest is refused", () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[ab=,"\n\r]{0,8}$/));
    fc.assert(
      fc.property(texts, texts, (key, value) => {
        let token: string;
        try {
          token = formatPair(key, value);
        } catch (error) {
          expect(error).toBeInstanceOf(DataPlaneError);
          return;
        }
        expect(parsePairs(token)).toEqual([[key, value]]);
      }),
      { numRuns: 1000 },
    );
  });
});
