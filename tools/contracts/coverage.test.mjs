// @ts-check
import { expect, test } from "vitest";
import { cover, rows } from "./coverage.mjs";

const items = ["1", "2", "3", "4", "5", "6"].map((id) => ({ contract: "cache", id, text: `promise ${id}` }));

/**
 * @param {string} inside
 * @param {"passed" | "failed" | "skipped"} state
 * @param {string} file
 */
const tagged = (inside, state, file = "cache-service/test/get.test.ts") => ({
  file,
  name: `get > answers [${inside}]`,
  state,
});

const reported = [
  tagged("cache 1,2", "passed"),
  tagged("cache 2", "failed"),
  tagged("cache 3", "passed"),
  tagged("cache 3", "skipped"),
  tagged("cache 4", "passed"),
  tagged("cache 5", "passed", "cache-service/test/rows.reference.test.ts"),
];
const { covered, faults } = cover(items, reported, { cache: { 4: "needs its rows", 5: "needs its rows" } });

test.each([
  { name: "every test passed", id: "1", standing: "proven" },
  { name: "one of two tests failed", id: "2", standing: "failing" },
  { name: "one of two tests was skipped", id: "3", standing: "missing" },
  { name: "a fixture of ours stands in for the reference", id: "4", standing: "needsReference" },
  { name: "a test against the reference passed", id: "5", standing: "proven" },
  { name: "no test has its tag", id: "6", standing: "missing" },
])("an item is $standing when $name", ({ id, standing }) => {
  expect(covered.find((item) => item.id === id)?.standing).toBe(standing);
});

test("the four counts add up to the items", () => {
  expect(rows(covered)).toEqual([
    { contract: "cache", items: 6, proven: 2, failing: 1, needsReference: 1, missing: 2 },
  ]);
  expect(faults).toEqual([]);
});

test("a tag that cannot be read is a fault that names file and test", () => {
  const { faults: found } = cover(items, [tagged("cache 77", "passed")], {});
  expect(found).toEqual(['cache-service/test/get.test.ts: "get > answers [cache 77]": cache has no item 77']);
});

test("a reason for an item that does not exist is a fault", () => {
  expect(cover(items, [], { cache: { 99: "x" } }).faults).toEqual(["needs-reference.json: cache has no item 99"]);
});

test("what is not there yet has its reason for as long as nothing proves it", () => {
  const [item] = items;
  const notYet = { [item?.contract ?? ""]: { [item?.id ?? ""]: "waits for a driver" } };
  expect(cover(items, [], {}, notYet).covered[0]).toMatchObject({ standing: "missing", reason: "waits for a driver" });
  const proof = tagged(`${item?.contract} ${item?.id}`, "passed");
  expect(cover(items, [proof], {}, notYet).covered[0]).not.toHaveProperty("reason");
  expect(cover(items, [], {}, { cache: { 99: "x" } }).faults).toEqual(["not-yet.json: cache has no item 99"]);
});
