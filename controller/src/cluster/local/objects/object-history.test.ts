import fc from "fast-check";
import { expect, test } from "vitest";
import { anAction, MemoryJournal, openStore } from "../../../../test/local-cluster/memory-store.ts";
import type { StoredObject } from "./stored-object.ts";

/** One step of a random history; names are few, so that steps meet. */
const steps = fc.array(
  fc.record({
    act: fc.constantFrom("create", "patch", "status", "delete", "finalize"),
    name: fc.constantFrom("a", "b", "c"),
    owner: fc.constantFrom("a", "b", "c"),
    guarded: fc.boolean(),
    value: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 40 },
);

test("after any history a replay of the watch, the list and a restart tell the same objects", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const journal = new MemoryJournal();
      const store = await openStore(journal);
      const writes = history.map(async ({ act, name, owner, guarded, value }) => {
        const old = store.get("TaskAction", owner);
        const guard = guarded && old !== undefined ? { resourceVersion: old.metadata.resourceVersion } : {};
        if (act === "create") {
          const finalizers = guarded ? ["flyte.org/x"] : [];
          await store.create(
            "TaskAction",
            anAction(name, { finalizers, ...(old === undefined ? {} : { owner: old }) }),
          );
        } else if (act === "patch") await store.patch("TaskAction", name, { metadata: guard, spec: { value } });
        else if (act === "status")
          await store.patch("TaskAction", name, { status: { value } }, { subresource: "status" });
        else if (act === "delete") await store.delete("TaskAction", name);
        else await store.patch("TaskAction", name, { metadata: { finalizers: null } });
      });
      await Promise.allSettled(writes);
      await store.patch("TaskAction", "absent", {}).catch(() => undefined);

      const replayed = new Map<string, StoredObject>();
      const versions: number[] = [];
      const end = new AbortController();
      const watching = (async () => {
        for await (const { type, object, version } of store.watch("TaskAction", 0, end.signal)) {
          versions.push(version);
          expect(type === "ADDED").toBe(!replayed.has(object.metadata.name));
          if (type === "DELETED") replayed.delete(object.metadata.name);
          else replayed.set(object.metadata.name, object);
        }
      })();
      await store.close();
      await watching;
      const listed = new Map(store.list("TaskAction").map((object) => [object.metadata.name, object]));
      expect(replayed).toEqual(listed);
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));

      const restarted = await openStore(journal);
      expect(new Map(restarted.list("TaskAction").map((object) => [object.metadata.name, object]))).toEqual(listed);
      expect(restarted.version).toBe(store.version);
      for (const { metadata } of listed.values()) {
        const alive = new Set([...listed.values()].map((other) => other.metadata.uid));
        const owners = metadata.ownerReferences ?? [];
        expect(
          owners.length === 0 || owners.some(({ uid }) => alive.has(uid)) || metadata.deletionTimestamp !== undefined,
        ).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});
