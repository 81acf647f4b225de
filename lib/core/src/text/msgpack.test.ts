import { describe, expect, test } from "vitest";
import { canonicalMsgpack } from "./msgpack.ts";

const canonical = (hex: string): string | undefined => {
  const bytes = canonicalMsgpack(Buffer.from(hex, "hex"));
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");
};

describe("canonicalMsgpack", () => {
  test.each([
    ["a map in order", "82a16101a16202", "82a16101a16202"],
    ["a map out of order", "82a16202a16101", "82a16101a16202"],
    ["maps within lists within maps", "82a16291" + "82a17902a17801" + "a161c0", "82a161c0a16291" + "82a17801a17902"],
    ["a map16 and a str8 key", "de0002" + "d90162" + "02" + "a161" + "01", "de0002" + "a161" + "01" + "d90162" + "02"],
    [
      "numbers of every width",
      "98cc01cd0001ce00000001d0ffcb3ff8000000000000ca3fc00000ffd6ff00000000",
      "98cc01cd0001ce00000001d0ffcb3ff8000000000000ca3fc00000ffd6ff00000000",
    ],
  ])("%s has its keys sorted and its values as they were", (_, given, expected) => {
    expect(canonical(given)).toBe(expected);
  });

  test.each([
    ["nothing", ""],
    ["a reserved byte", "c1"],
    ["a string cut short", "a36162"],
    ["a map cut short", "82a16101"],
    ["a length cut short", "dd0000"],
    ["a list of four billion", "ddffffffff"],
    ["a second value", "0101"],
    ["ten thousand nested lists", "91".repeat(10_000)],
  ])("%s is no document", (_, given) => {
    expect(canonical(given)).toBeUndefined();
  });
});
