import { expect, test } from "vitest";
import { UnderWay } from "./under-way.ts";

const named = (name: string) => ({ name, place: -1 });

test("whoever left, first, last or in the middle, is no longer among those under way", () => {
  const underWay = new UnderWay<ReturnType<typeof named>>();
  const [a, b, c, d] = [named("a"), named("b"), named("c"), named("d")];
  for (const each of [a, b, c, d]) underWay.add(each);
  const left = () => underWay.all().map(({ name }) => name);
  underWay.delete(a);
  expect(left().sort()).toEqual(["b", "c", "d"]);
  underWay.delete(c);
  expect(left().sort()).toEqual(["b", "d"]);
  underWay.delete(d);
  expect(left()).toEqual(["b"]);
  underWay.delete(b);
  expect(left()).toEqual([]);
});

test("leaving a second time takes nobody else out", () => {
  const underWay = new UnderWay<ReturnType<typeof named>>();
  const [a, b] = [named("a"), named("b")];
  underWay.add(a);
  underWay.add(b);
  underWay.delete(a);
  underWay.delete(a);
  expect(underWay.all()).toEqual([b]);
});
