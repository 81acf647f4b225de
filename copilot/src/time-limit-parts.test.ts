import { describe, expect, test } from "vitest";
import { limitParts } from "./time-limit-parts.ts";

describe("limitParts", () => {
  test.each([
    {
      name: "an hour keeps half a minute",
      limitMs: 3_600_000,
      marginMs: undefined,
      workMs: 3_570_000,
      reportMs: 30_000,
    },
    { name: "a minute keeps a tenth", limitMs: 60_000, marginMs: undefined, workMs: 54_000, reportMs: 10_000 },
    { name: "what is set is kept", limitMs: 60_000, marginMs: 20_000, workMs: 40_000, reportMs: 20_000 },
    { name: "nothing may be kept", limitMs: 60_000, marginMs: 0, workMs: 60_000, reportMs: 10_000 },
    {
      name: "a limit below a tenth of a millisecond is all work",
      limitMs: 5,
      marginMs: undefined,
      workMs: 5,
      reportMs: 10_000,
    },
    { name: "no limit limits nothing", limitMs: 0, marginMs: 20_000, workMs: 0, reportMs: 0 },
  ])("$name", ({ limitMs, marginMs, workMs, reportMs }) => {
    expect(limitParts(limitMs, marginMs)).toEqual({ workMs, reportMs });
  });

  test("a margin as long as the limit is refused", () => {
    expect(() => limitParts(1000, 1000)).toThrow("copilot.report-margin");
  });
});
