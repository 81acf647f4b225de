import { expect, test } from "vitest";
import { spanText } from "./time-text.ts";

test.each([
  [-5, "0 ms"],
  [999.4, "999 ms"],
  [1_000, "1.0 s"],
  [59_949, "59.9 s"],
  [59_950, "1 min 00 s"],
  [3_599_400, "59 min 59 s"],
  [3_599_600, "1 h 00 min"],
  [86_399_000, "1 d 0 h"],
  [190_000_000, "2 d 5 h"],
])("a span of %d ms reads %s", (ms, text) => {
  expect(spanText(ms)).toBe(text);
});
