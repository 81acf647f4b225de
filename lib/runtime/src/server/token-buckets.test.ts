import { expect, test } from "vitest";
import { TokenBuckets } from "./token-buckets.ts";

test("a client has its burst at once, then one call per interval, whatever others do", () => {
  const buckets = new TokenBuckets({ perSecond: 2, burst: 3 });
  expect([1, 2, 3, 4].map(() => buckets.take("a", 1000))).toEqual([0, 0, 0, 500]);
  expect(buckets.take("b", 1000)).toBe(0);
  expect(buckets.take("a", 1400)).toBe(100);
  expect(buckets.take("a", 1500)).toBe(0);
  expect(buckets.take("a", 1500)).toBe(500);
});

test("a bucket is never fuller than its burst, and a clock set back takes nothing away", () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 2 });
  buckets.take("a", 0);
  expect([1, 2, 3].map(() => buckets.take("a", 1_000_000))).toEqual([0, 0, 1000]);
  expect(buckets.take("a", 0)).toBe(1000);
});

test("a hundred thousand clients do not take the memory of as many", () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 1 });
  for (let client = 0; client < 100_000; client += 1) buckets.take(`c${client}`, 1000 + client / 10_000);
  expect(buckets.size).toBeLessThanOrEqual(10_000);
});
