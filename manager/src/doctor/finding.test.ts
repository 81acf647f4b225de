import type { Clock } from "@flyte-dataplane/core";
import { expect, test } from "vitest";
import { look, lookAtGroup } from "./finding.ts";

/** Time passes when it is told to. */
function steppedClock(): Clock & { pass(ms: number): Promise<void> } {
  const sleeps = new Set<{ readonly until: number; readonly wake: () => void }>();
  let now = 0;
  return {
    now: () => now,
    sleep: (ms, options = {}) =>
      new Promise((resolve, reject) => {
        const sleep = { until: now + ms, wake: resolve };
        sleeps.add(sleep);
        options.signal?.addEventListener("abort", () => {
          sleeps.delete(sleep);
          reject(new Error("aborted"));
        });
      }),
    pass: async (ms) => {
      now += ms;
      for (const { until, wake } of sleeps) if (until <= now) wake();
      // What hangs on them runs first.
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    },
  };
}

test("a question without an answer is told by its own name, and its group's other answers stay", async () => {
  const clock = steppedClock();
  const asked = lookAtGroup(clock, "store", async () => [
    await look(clock, "store/write", () => "written"),
    await look(clock, "store/read", () => new Promise<never>(() => undefined)),
  ]);
  await clock.pass(1);
  await clock.pass(15_000);
  expect(await asked).toEqual([
    { check: "store/write", state: "ok", told: "written" },
    { check: "store/read", state: "fault", told: "no answer within 15 s" },
  ]);
});

test("a group that hangs between its questions is told after a while", async () => {
  const clock = steppedClock();
  const asked = lookAtGroup(clock, "store", () => new Promise<never>(() => undefined));
  await clock.pass(600_000);
  expect(await asked).toEqual([{ check: "store", state: "fault", told: "no answer within 150 s" }]);
});

test("a fault shows no signature of a link that failed", async () => {
  const failed = new Error("get https://b/x?X-Amz-Signature=abc: no answer");
  const finding = await look(steppedClock(), "store/read", () => Promise.reject(failed));
  expect(finding.told).toBe("get https://b/x?[hidden] no answer");
});
