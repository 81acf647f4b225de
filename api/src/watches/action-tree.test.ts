import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createActionTree, type ShownNode, type TreeRow } from "./action-tree.ts";

interface Row extends TreeRow {
  readonly parentActionName: string | null;
}

const size = 12;
const failed = 6;

/** Rows of a tree whose node n hangs below one of the nodes before it, in any order, then changes of phase. */
const histories = fc
  .record({
    parents: fc.array(fc.nat(), { minLength: size, maxLength: size }),
    order: fc.shuffledSubarray(
      Array.from({ length: size }, (_, index) => index),
      { minLength: size },
    ),
    times: fc.array(fc.bigInt(0n, 5n), { minLength: size, maxLength: size }),
    moves: fc.array(fc.record({ node: fc.nat(size - 1), phase: fc.integer({ min: 1, max: 10 }) }), { maxLength: 30 }),
  })
  .map(({ parents, order, times, moves }) => {
    const rows = parents.map(
      (parent, index): Row => ({
        name: `n${index}`,
        parentActionName: index === 0 ? null : `n${parent % index}`,
        phase: 1,
        createdAt: times[index] ?? 0n,
      }),
    );
    return { rows, order, moves };
  });

function descendantsOf(rows: readonly Row[], name: string): readonly Row[] {
  const children = rows.filter((row) => row.parentActionName === name);
  return children.flatMap((child) => [child, ...descendantsOf(rows, child.name)]);
}

test("whatever the order of arrival, a viewer ends up with the visible nodes and true counts", () => {
  fc.assert(
    fc.property(histories, ({ rows, order, moves }) => {
      const matches = (row: Row) => row.phase === failed;
      const tree = createActionTree<Row>(matches);
      const current = new Map<string, Row>();
      const viewer = new Map<string, ShownNode<Row>>();
      const apply = (row: Row | undefined) => {
        if (row === undefined) return;
        current.set(row.name, row);
        tree.upsert([row]);
        for (const node of tree.changes()) viewer.set(node.row.name, node);
      };
      for (const index of order) apply(rows[index]);
      for (const { node, phase } of moves) {
        const row = current.get(`n${node}`);
        apply(row === undefined ? undefined : { ...row, phase });
      }
      const all = [...current.values()];
      for (const row of all) {
        const below = descendantsOf(all, row.name);
        const visible = matches(row) || below.some(matches);
        expect(viewer.get(row.name)?.visible ?? false).toBe(visible);
        if (!visible) continue;
        const counts = [...(viewer.get(row.name)?.childrenPhaseCounts ?? [])].filter(([, count]) => count !== 0);
        const expected = new Map<number, number>();
        for (const { phase } of below) expected.set(phase, (expected.get(phase) ?? 0) + 1);
        expect(new Map(counts)).toEqual(expected);
      }
    }),
  );
});

test("within one message a parent comes before its children, whatever the clocks said", () => {
  fc.assert(
    fc.property(histories, ({ rows, order }) => {
      const tree = createActionTree<Row>(() => true);
      tree.upsert(order.flatMap((index) => rows[index] ?? []));
      const seen = new Set<string>();
      for (const { row } of tree.changes()) {
        expect(row.parentActionName === null || seen.has(row.parentActionName)).toBe(true);
        seen.add(row.name);
      }
      expect(seen.size).toBe(size);
    }),
  );
});

test("a node that is hidden again is told once, then never more", () => {
  const tree = createActionTree<Row>((row) => row.phase === failed);
  const root: Row = { name: "a0", parentActionName: null, phase: 1, createdAt: 0n };
  const child: Row = { name: "c", parentActionName: "a0", phase: failed, createdAt: 1n };
  tree.upsert([root, child]);
  expect(tree.changes().map(({ visible }) => visible)).toEqual([true, true]);
  tree.upsert([{ ...child, phase: 4 }]);
  expect(tree.changes().map(({ visible }) => visible)).toEqual([false, false]);
  tree.upsert([{ ...child, phase: 5 }]);
  expect(tree.changes()).toEqual([]);
});
