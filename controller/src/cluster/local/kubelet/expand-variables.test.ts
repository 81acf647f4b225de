import { expect, test } from "vitest";
import { expandVariables } from "./expand-variables.ts";

const variables = new Map([
  ["A", "one"],
  ["B", "$(A)"],
]);

test.each([
  { text: "$(A)", result: "one" },
  { text: "x$(A)y$(A)", result: "xoney" + "one" },
  { text: "$(NOT_SET)", result: "$(NOT_SET)" },
  { text: "$$(A)", result: "$(A)" },
  { text: "$$$(A)", result: "$one" },
  { text: "$A ${A}", result: "$A ${A}" },
  { text: "$(date +%s)", result: "$(date +%s)" },
  { text: "$(B)", result: "$(A)" },
  { text: "cost: 5$", result: "cost: 5$" },
])("the text $text expands to $result", ({ text, result }) => {
  expect(expandVariables(text, variables)).toBe(result);
});
