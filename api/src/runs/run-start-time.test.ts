import { expect, test } from "vitest";
import { knowsStartTime } from "./run-start-time.ts";

test.each([
  ["2.3.6", true],
  ["2.3.7", true],
  ["2.10.0", true],
  ["v2.4.0b3", true],
  ["3.0.0.dev1+g123", true],
  ["2.3.5", false],
  ["2.2.99", false],
  ["1.99.99", false],
  ["2.4", false],
  ["", false],
  ["dev", false],
])("a client of version %j takes a start time: %s", (version, known) => {
  expect(knowsStartTime(version)).toBe(known);
});
