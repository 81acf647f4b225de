// @ts-check
import { expect, test } from "vitest";
import { benchTable } from "./table.mjs";

test("a table shows each row's figures, its gate and its verdict", () => {
  const text = benchTable([
    {
      row: "1",
      what: "get",
      against: "curl",
      gate: { atMost: 1.45 },
      judgement: { median: 1.234, best: 1.1, worst: 121.4, verdict: "held" },
    },
    {
      row: "13",
      what: "presign",
      against: "the SDK",
      gate: { atLeast: 25 },
      judgement: { median: 12.34, best: 13, worst: 9, verdict: "missed" },
    },
  ]);
  expect(text.split("\n")).toEqual([
    "| row | what    | ours ÷  | median | best | worst | gate   | verdict |",
    "| --- | ------- | ------- | ------ | ---- | ----- | ------ | ------- |",
    "| 1   | get     | curl    | 1.23   | 1.10 | 121   | ≤ 1.45 | held    |",
    "| 13  | presign | the SDK | 12.3   | 13.0 | 9.00  | ≥ 25   | missed  |",
  ]);
});

test("a row that was not measured says why", () => {
  const text = benchTable([{ row: "11", what: "memory", against: "MB", gate: { atMost: 110 }, why: "no room" }]);
  expect(text).toContain("| –      | –    | –     | ≤ 110 | not measured: no room |");
});
