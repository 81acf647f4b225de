import { expect, test } from "vitest";
import { PodSlots } from "./pod-slots.ts";

const ignore = (): void => undefined;

test("no more pods than the limit run at one depth", () => {
  const slots = new PodSlots(2);
  expect(["a", "b", "c"].map((uid) => slots.tryTake(uid, 0, ignore))).toEqual([true, true, false]);
});

test("a child finds room although its parents have taken all places", () => {
  const slots = new PodSlots(2);
  slots.tryTake("parent-1", 0, ignore);
  slots.tryTake("parent-2", 0, ignore);
  expect(slots.tryTake("child", 1, ignore)).toBe(true);
  expect(slots.tryTake("grandchild", 2, ignore)).toBe(true);
});

test("a new parent waits while as many children as the limit run", () => {
  const slots = new PodSlots(1);
  slots.tryTake("child", 1, ignore);
  expect(slots.tryTake("parent", 0, ignore)).toBe(false);
});

test("a place that is given back wakes those who wait, the deepest first", () => {
  const slots = new PodSlots(1);
  const woken: string[] = [];
  slots.take("child", 1);
  slots.tryTake("parent", 0, () => woken.push("parent"));
  slots.tryTake("sibling", 1, () => woken.push("sibling"));
  slots.release("child");
  expect(woken[0]).toBe("sibling");
  expect(slots.tryTake("sibling", 1, ignore)).toBe(true);
});

test("a pod that runs already keeps its place when it asks again", () => {
  const slots = new PodSlots(1);
  slots.take("a", 0);
  expect(slots.tryTake("a", 0, ignore)).toBe(true);
});
