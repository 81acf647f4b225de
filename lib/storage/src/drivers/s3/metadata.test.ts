import { describe, expect, it } from "vitest";
import { metadataHeaders, metadataOf } from "./metadata.ts";

describe("metadata", () => {
  it.each([
    { name: "plain text", value: "abc= d/e" },
    { name: "no text", value: "" },
    { name: "letters of other scripts", value: "schöne 日本語 🎉" },
    { name: "blanks at the ends", value: " x " },
    { name: "two blanks in a row", value: "a  b" },
    { name: "a line break", value: "a\r\nx-evil: 1" },
    { name: "text that looks encoded", value: "=?UTF-8?B?eA==?=" },
  ])("of $name comes back as it was given, in a header of ASCII", ({ value }) => {
    const headers = metadataHeaders({ Name: value });
    expect(headers["x-amz-meta-name"]).toMatch(/^[\x20-\x7e]*$/);
    expect(metadataOf(new Map(Object.entries(headers)))).toEqual({ name: value });
  });

  it("plain text is sent as it is", () => {
    expect(metadataHeaders({ flyteContentMD5: "abc=" })).toEqual({ "x-amz-meta-flytecontentmd5": "abc=" });
  });

  it.each([
    { name: "quoted words, as AWS gives them", value: "=?UTF-8?Q?sch=C3=B6n_da?=", expected: "schön da" },
    { name: "several words", value: "=?UTF-8?B?w6Q=?= =?utf-8?b?w7Y=?=", expected: "äö" },
    { name: "a character split over two words", value: "=?UTF-8?B?ww==?= =?UTF-8?B?pA==?=", expected: "ä" },
    { name: "a word amid text", value: "a =?UTF-8?Q?=C3=A4?= b", expected: "a ä b" },
    { name: "raw bytes of UTF-8", value: "\u00c3\u00a4", expected: "ä" },
    { name: "bytes that are no UTF-8", value: "\u00e4", expected: "ä" },
    { name: "a word of another character set", value: "=?latin1?Q?=E4?=", expected: "=?latin1?Q?=E4?=" },
  ])("from a store that gives $name is read", ({ value, expected }) => {
    expect(metadataOf(new Map([["x-amz-meta-a", value]]))).toEqual({ a: expected });
  });

  it("is absent where no header holds any", () => {
    expect(metadataOf(new Map([["content-type", "text/plain"]]))).toBeUndefined();
  });

  it.each(["", "a b", "ä", "a:b", "a\r\nb"])("named '%s' is refused", (name) => {
    expect(() => metadataHeaders({ [name]: "x" })).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });

  it("of two names that differ in case only is refused", () => {
    expect(() => metadataHeaders({ a: "x", A: "y" })).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });
});
