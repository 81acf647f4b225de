import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffDelay } from "./backoff.ts";

const half = (): number => 0.5;

describe("backoffDelay", () => {
  test("doubles from the base up to the cap", () => {
    const delays = [1, 2, 3, 4, 100, 5000].map((retry) =>
      backoffDelay({ baseMs: 50, maxMs: 300, jitter: 0 }, retry, half),
    );
    expect(delays).toEqual([50, 100, 200, 300, 300, 300]);
  });

  test("nothing is waited for before the first retry", () => {
    expect(backoffDelay({ baseMs: 50, maxMs: 300 }, 0, half)).toBe(0);
  });

  test("varies by the jitter and never beyond the cap", () => {
    const policy = { baseMs: 100, maxMs: 1000, factor: 3, jitter: 0.2 };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (retry, chance) => {
          const plain = Math.min(1000, 100 * 3 ** (retry - 1));
          const delay = backoffDelay(policy, retry, () => chance);
          expect(delay).toBeGreaterThanOrEqual(plain * 0.8 - 1e-9);
          expect(delay).toBeLessThanOrEqual(Math.min(1000, plain * 1.2));
        },
      ),
    );
  });

  test("full jitter draws from zero to the delay", () => {
    const policy = { baseMs: 100, maxMs: 1000, jitter: "full" as const };
    expect(backoffDelay(policy, 2, () => 0)).toBe(0);
    expect(backoffDelay(policy, 2, half)).toBe(100);
  });
});
