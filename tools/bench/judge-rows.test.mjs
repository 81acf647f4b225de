// @ts-check
import { expect, test } from "vitest";
import { judgeRows } from "./judge-rows.mjs";

const measured = (/** @type {number} */ cpuSeconds, /** @type {number} */ wallSeconds, said = "") => ({
  cpuSeconds,
  wallSeconds,
  peakRssBytes: 0,
  said,
});
const measurements = new Map([
  ["ours", [measured(2, 9, "300\n"), measured(3, 9, "500\n")]],
  ["peer", [measured(1, 3, "100\n"), measured(1, 3, "100\n")]],
]);
const row = { row: "1", what: "get", against: "the peer", ours: "ours", peer: "peer" };

test("a row divides processor time, wall time or what both printed, as it says", () => {
  const rows = judgeRows(
    [
      { ...row, metric: "cpu" },
      { ...row, metric: "wall" },
      { ...row, metric: "rate" },
    ],
    measurements,
  );
  expect(rows.map(({ ratios }) => ratios)).toEqual([
    [2, 3],
    [3, 3],
    [3, 5],
  ]);
});

test("a participant that did not run holds no gate", () => {
  const [judged] = judgeRows(
    [{ ...row, ours: "nobody", peer: "nobody", metric: "cpu", gate: { atMost: 9 } }],
    measurements,
  );
  expect(judged?.judgement.verdict).toBe("missed");
});
