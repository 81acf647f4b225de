import { expect, test } from "vitest";
import { createDelays } from "./delays.ts";

test("keys come out in order of their due times, each once", () => {
  const delays = createDelays();
  for (const [key, due] of [
    ["c", 30],
    ["a", 10],
    ["d", 40],
    ["b", 20],
  ] as const)
    delays.put(key, due);
  expect(delays.earliest).toBe(10);
  expect(delays.due(25)).toEqual(["a", "b"]);
  expect(delays.due(100)).toEqual(["c", "d"]);
  expect(delays.size).toBe(0);
});

test("a later due time never postpones an earlier one, and a removed key does not surface", () => {
  const delays = createDelays();
  delays.put("a", 50);
  delays.put("a", 20);
  delays.put("a", 90);
  delays.put("b", 10);
  delays.remove("b");
  expect(delays.earliest).toBe(20);
  expect(delays.due(20)).toEqual(["a"]);
  expect(delays.due(1_000)).toEqual([]);
});
