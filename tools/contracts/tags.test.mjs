// @ts-check
import { expect, test } from "vitest";
import { readTag } from "./tags.mjs";

const known = new Map([
  ["copilot", new Set(["1", "2", "3", "4", "B3"])],
  ["controller", new Set(["1", "X2"])],
]);

// Written in two halves, so that these samples are no tags of this file's own tests.
/** @param {string} inside */
const tag = (inside) => `[${inside}]`;

test("one item is read", () => {
  expect(readTag(`refuses ${tag("controller X2")}`, known)).toEqual({ contract: "controller", ids: ["X2"] });
});

test("three items with blanks between them are read", () => {
  expect(readTag(`refuses ${tag("copilot 1, 2,B3")}`, known)).toEqual({ contract: "copilot", ids: ["1", "2", "B3"] });
});

test("brackets that are no tag claim nothing", () => {
  expect(readTag("parses [a b] and [1, 2] into [x]", known)).toBeUndefined();
});

test.each([
  { name: "four items", inside: "copilot 1,2,3,4", message: "4 items, at most 3" },
  { name: "a range", inside: "copilot 1-3", message: "is a range" },
  { name: "a range with dots", inside: "copilot 1..3", message: "is a range" },
  { name: "an unknown item", inside: "copilot 9", message: "copilot has no item 9" },
  { name: "an unknown contract", inside: "pilot 1", message: 'unknown contract "pilot"' },
  { name: "an empty item", inside: "copilot 1,", message: "copilot has no item" },
])("$name is refused", ({ inside, message }) => {
  expect(() => readTag(`works ${tag(inside)}`, known)).toThrow(message);
});

test("a tag that is not the end of the name is refused", () => {
  expect(() => readTag(`group ${tag("copilot 1")} > works`, known)).toThrow("is not the end of the name");
});

test("a second tag is refused", () => {
  expect(() => readTag(`works ${tag("copilot 1")} ${tag("controller 1")}`, known)).toThrow("more than one tag");
});
