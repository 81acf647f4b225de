import { describe, expect, test } from "vitest";
import { isLabelKey, isLabelValue } from "./label-syntax.ts";

describe("label syntax", () => {
  test.each(["team", "a.b_c-D9", "example.com/team", `${"p".repeat(253)}/n`, "k".repeat(63)])(
    "takes the key %j",
    (key) => {
      expect(isLabelKey(key)).toBe(true);
    },
  );

  test.each(["", "-a", "a-", "é", "Example.com/team", "/team", "a/b/c", `${"p".repeat(254)}/n`, "k".repeat(64)])(
    "refuses the key %j",
    (key) => {
      expect(isLabelKey(key)).toBe(false);
    },
  );

  test.each([
    ["", true],
    ["v".repeat(63), true],
    ["a.b", true],
    ["v".repeat(64), false],
    ["two words", false],
    ["ünïcode", false],
    [".a", false],
  ])("says of the value %j: %j", (text, expected) => {
    expect(isLabelValue(text)).toBe(expected);
  });
});
