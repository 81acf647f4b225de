import fc from "fast-check";
import { expect, test } from "vitest";
import { mergePatch } from "./merge-patch.ts";

test.each([
  { name: "a member is replaced", target: { a: "b" }, patch: { a: "c" }, result: { a: "c" } },
  { name: "a member is added", target: { a: "b" }, patch: { b: "c" }, result: { a: "b", b: "c" } },
  { name: "null removes a member", target: { a: "b", b: "c" }, patch: { a: null }, result: { b: "c" } },
  { name: "an array is replaced whole", target: { a: [1, 2] }, patch: { a: [3] }, result: { a: [3] } },
  {
    name: "nested objects merge",
    target: { a: { b: 1, c: 2 } },
    patch: { a: { c: null, d: 3 } },
    result: { a: { b: 1, d: 3 } },
  },
  { name: "an object replaces a value", target: { a: "b" }, patch: { a: { c: 1 } }, result: { a: { c: 1 } } },
  {
    name: "null inside an added object leaves nothing",
    target: {},
    patch: { a: { b: { c: null } } },
    result: { a: { b: {} } },
  },
  {
    name: "a member called __proto__ is a member",
    target: {},
    patch: JSON.parse('{"__proto__":{"a":1}}') as unknown,
    result: JSON.parse('{"__proto__":{"a":1}}') as unknown,
  },
])("merge patch: $name", ({ target, patch, result }) => {
  expect(JSON.stringify(mergePatch(target, patch))).toBe(JSON.stringify(result));
});

test("a patch applied a second time changes nothing", () => {
  const value = fc.object({ maxDepth: 3, values: [fc.integer(), fc.string(), fc.constant(null), fc.boolean()] });
  fc.assert(
    fc.property(value, value, (target, patch) => {
      const once = mergePatch(target, patch);
      expect(mergePatch(once, patch)).toEqual(once);
    }),
  );
});
