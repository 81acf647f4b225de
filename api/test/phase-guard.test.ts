import { afterAll, beforeAll, expect, test } from "vitest";
import { mayReplace, phaseGuardSql } from "../src/runs/phases.ts";
import { type Harness, startApi } from "./harness.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false });
});
afterAll(() => api.close());

test("the guard in SQL and the guard in code agree on every phase and attempt", async () => {
  const verdicts = await api.rows<{ s: number; a: number; n: number; b: number; ok: boolean }>(
    `SELECT actions.phase AS s, actions.attempts AS a, n, b, (${phaseGuardSql("n", "b")}) AS ok
     FROM generate_series(1, 10) AS stored(phase), generate_series(1, 3) AS tries(attempts),
       LATERAL (SELECT stored.phase, tries.attempts) AS actions, generate_series(1, 10) AS n, generate_series(0, 4) AS b`,
  );
  expect(verdicts).toHaveLength(10 * 3 * 10 * 5);
  for (const { s, a, n, b, ok } of verdicts) {
    expect([s, a, n, b, mayReplace({ phase: s, attempts: a }, { phase: n, attempts: b })]).toEqual([s, a, n, b, ok]);
  }
});
