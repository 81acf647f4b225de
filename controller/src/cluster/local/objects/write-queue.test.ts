import { DataPlaneError } from "@flyte-dataplane/core";
import { expect, test } from "vitest";
import { anAction, MemoryJournal, openStore } from "../../../../test/local-cluster/memory-store.ts";

test("nobody sees a write before it is durable", async () => {
  const journal = new MemoryJournal();
  let release = (): void => undefined;
  journal.before = () => new Promise((resolve) => (release = resolve));
  const store = await openStore(journal);
  const creating = store.create("TaskAction", anAction("a"));
  await Promise.resolve();
  await Promise.resolve();
  expect(store.get("TaskAction", "a")).toBeUndefined();
  expect(store.version).toBe(0);
  release();
  await creating;
  expect(store.version).toBe(1);
});

test("writes that come while one is under way share the next batch, in their order", async () => {
  const journal = new MemoryJournal();
  const store = await openStore(journal);
  await Promise.all(["a", "b", "c"].map((name) => store.create("TaskAction", anAction(name))));
  expect(journal.batches.map(({ puts }) => puts.map(({ name }) => name))).toEqual([["a", "b", "c"]]);
});

test("a batch that did not reach the journal is sent again, and its writers learn nothing of it", async () => {
  const journal = new MemoryJournal();
  let failures = 3;
  journal.before = () => {
    failures -= 1;
    if (failures >= 0) throw new DataPlaneError("unavailable", "query: no connection");
  };
  const store = await openStore(journal);
  await expect(store.create("TaskAction", anAction("a"))).resolves.toBeDefined();
  expect(journal.rows.size).toBe(1);
});

test("once another server has taken over every write is refused", async () => {
  const journal = new MemoryJournal();
  journal.before = () => {
    throw new DataPlaneError("failed_precondition", "taken over");
  };
  const store = await openStore(journal);
  await expect(store.create("TaskAction", anAction("a"))).rejects.toMatchObject({ code: "unavailable" });
  await expect(store.create("TaskAction", anAction("b"))).rejects.toMatchObject({ code: "unavailable" });
});

test("a caller that leaves gets its answer at once while its write goes on", async () => {
  const journal = new MemoryJournal();
  const store = await openStore(journal);
  const leaving = AbortSignal.abort();
  await expect(store.create("TaskAction", anAction("a"), { signal: leaving })).rejects.toMatchObject({
    code: "canceled",
  });
  await store.create("TaskAction", anAction("b"));
  expect(store.get("TaskAction", "a")).toBeDefined();
});
