import { expect, test } from "vitest";
import { anAction, aPod, MemoryJournal, openStore } from "../../../../test/local-cluster/memory-store.ts";
import type { ObjectStore } from "./object-store.ts";
import type { ObjectChange } from "./stored-object.ts";

async function changesAfter(store: ObjectStore, version: number, count: number): Promise<readonly ObjectChange[]> {
  const seen: ObjectChange[] = [];
  for await (const change of store.watch("TaskAction", version, AbortSignal.timeout(5_000))) {
    seen.push(change);
    if (seen.length === count) break;
  }
  return seen;
}

test("a watch delivers every change of its kind after its version, in order, and none of another kind", async () => {
  const store = await openStore();
  await store.create("TaskAction", anAction("a"));
  const { version } = store;
  await store.create("Pod", aPod("p"));
  await store.patch("TaskAction", "a", { spec: { runName: "other" } });
  await store.delete("TaskAction", "a");
  const changes = await changesAfter(store, version, 2);
  expect(changes.map((change) => [change.type, change.object.metadata.resourceVersion])).toEqual([
    ["MODIFIED", "3"],
    ["DELETED", "4"],
  ]);
});

test.each([
  { name: "older than what is kept", from: 1 },
  { name: "newer than any given out", from: 1_000_000 },
])("a watch from a version $name is out of range", async ({ from }) => {
  const store = await openStore(new MemoryJournal(), 4);
  await store.create("TaskAction", anAction("a"));
  for (let turn = 0; turn < 20; turn += 1) await store.patch("TaskAction", "a", { spec: { turn } });
  await expect(changesAfter(store, from, 1)).rejects.toMatchObject({ code: "out_of_range" });
});
