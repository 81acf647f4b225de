import { DataPlaneError, type Logger } from "@flyte-dataplane/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JournalBatch, ObjectJournal } from "./object-journal.ts";
import { ObjectStore } from "./object-store.ts";
import type { ObjectChange, ObjectKind, StoredObject } from "./stored-object.ts";

const quiet: Logger = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0, child: () => quiet };
const clock = { now: () => 1_700_000_000_000, sleep: () => Promise.resolve() };

/** Keeps what a database would keep, and asks `before` whether a batch may go through. */
class MemoryJournal implements ObjectJournal {
  readonly rows = new Map<string, { readonly kind: ObjectKind; readonly body: string }>();
  readonly batches: JournalBatch[] = [];
  version = 0;
  before: () => void | Promise<void> = () => undefined;

  load() {
    return Promise.resolve({ version: this.version, objects: [...this.rows.values()] });
  }

  async append(batch: JournalBatch): Promise<void> {
    await this.before();
    this.batches.push(batch);
    for (const { kind, name, body } of batch.puts) this.rows.set(`${kind}/${name}`, { kind, body });
    for (const { kind, name } of batch.removals) this.rows.delete(`${kind}/${name}`);
    this.version = batch.version;
  }
}

async function openStore(journal = new MemoryJournal(), historyLimit = 1_000): Promise<ObjectStore> {
  return await ObjectStore.open({ journal, namespace: "flyte", clock, logger: quiet, historyLimit });
}

interface ActionOptions {
  readonly owner?: StoredObject;
  readonly finalizers?: readonly string[];
  readonly labels?: Record<string, string>;
}

function anAction(name: string, { owner, finalizers, labels }: ActionOptions = {}) {
  const ownerReferences =
    owner === undefined
      ? []
      : [{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid }];
  const metadata = {
    name,
    ...(finalizers === undefined ? {} : { finalizers }),
    ...(labels === undefined ? {} : { labels }),
    ownerReferences,
  };
  return {
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata,
    spec: { runName: "r", project: "p", domain: "d", actionName: name.slice(0, 30) },
  };
}

function aPod(name: string) {
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers: [{ name: "main" }] } };
}

async function changesAfter(store: ObjectStore, version: number, count: number): Promise<readonly ObjectChange[]> {
  const seen: ObjectChange[] = [];
  for await (const change of store.watch("TaskAction", version, AbortSignal.timeout(5_000))) {
    seen.push(change);
    if (seen.length === count) break;
  }
  return seen;
}

test("a created object has uid, version, generation 1 and creation time, and no status", async () => {
  const store = await openStore();
  const created = await store.create("TaskAction", { ...anAction("a"), status: { x: 1 } } as never);
  expect(created.metadata).toMatchObject({ namespace: "flyte", generation: 1, resourceVersion: "1" });
  expect(created.metadata.creationTimestamp).toBe("2023-11-14T22:13:20.000Z");
  expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(created.status).toBeUndefined();
});

test("a second object of the same name is refused", async () => {
  const store = await openStore();
  await store.create("TaskAction", anAction("a"));
  await expect(store.create("TaskAction", anAction("a"))).rejects.toMatchObject({ code: "already_exists" });
  await expect(store.create("Pod", aPod("a"))).resolves.toBeDefined();
});

test.each([
  { name: "an upper-case name", object: anAction("A") },
  { name: "a name with a slash", object: anAction("a/b") },
  { name: "a name of 254 characters", object: anAction("a".repeat(254)) },
  { name: "a label value with a space", object: anAction("a", { labels: { x: "a b" } }) },
  { name: "a label value of 64 characters", object: anAction("a", { labels: { x: "a".repeat(64) } }) },
  { name: "a label key with two slashes", object: anAction("a", { labels: { "x/y/z": "" } }) },
  {
    name: "an object above the size limit",
    object: { ...anAction("a"), spec: { ...anAction("a").spec, big: "x".repeat(1_600_000) } },
  },
  {
    name: "an action without a project",
    object: { ...anAction("a"), spec: { ...anAction("a").spec, project: undefined } },
  },
  {
    name: "an action with a run name of 31 characters",
    object: { ...anAction("a"), spec: { ...anAction("a").spec, runName: "r".repeat(31) } },
  },
  {
    name: "an action of an unknown type",
    object: { ...anAction("a"), spec: { ...anAction("a").spec, actionType: "foo" } },
  },
  { name: "a foreign namespace", object: { ...anAction("a"), metadata: { name: "a", namespace: "other" } } },
  { name: "an object without spec", object: { ...anAction("a"), spec: undefined } },
])("$name is refused as invalid", async ({ object }) => {
  const store = await openStore();
  await expect(store.create("TaskAction", object as never)).rejects.toMatchObject({ code: "invalid_argument" });
  expect(store.list("TaskAction")).toEqual([]);
});

test.each([
  { name: "without containers", spec: { containers: [] } },
  { name: "with two containers of one name", spec: { containers: [{ name: "a" }, { name: "a" }] } },
  {
    name: "with a mount of no volume",
    spec: { containers: [{ name: "a", volumeMounts: [{ name: "v", mountPath: "/v" }] }] },
  },
  { name: "with NUL in an argument", spec: { containers: [{ name: "a", args: ["a\0b"] }] } },
  {
    name: "with a volume that a laptop does not have",
    spec: { containers: [{ name: "a" }], volumes: [{ name: "v", secret: {} }] },
  },
])("a pod $name is refused as invalid", async ({ spec }) => {
  const store = await openStore();
  await expect(store.create("Pod", { ...aPod("p"), spec } as never)).rejects.toMatchObject({
    code: "invalid_argument",
  });
});

test("objects given out cannot be changed by whoever got them, nor by whoever created them", async () => {
  const store = await openStore();
  const given = anAction("a");
  const created = await store.create("TaskAction", given);
  given.spec.runName = "changed";
  expect(() => Object.assign(created.spec ?? {}, { runName: "changed" })).toThrow(TypeError);
  expect(store.get("TaskAction", "a")?.spec).toMatchObject({ runName: "r" });
});

test("a patch that changes nothing gives no version and no event", async () => {
  const store = await openStore();
  const created = await store.create("TaskAction", anAction("a", { labels: { x: "y" } }));
  const same = await store.patch("TaskAction", "a", { metadata: { labels: { x: "y" } } });
  expect(same).toBe(created);
  expect(store.version).toBe(1);
});

test("only a change of the spec raises the generation", async () => {
  const store = await openStore();
  await store.create("TaskAction", anAction("a"));
  const labelled = await store.patch("TaskAction", "a", { metadata: { labels: { x: "y" } } });
  const changed = await store.patch("TaskAction", "a", { spec: { runName: "other" } });
  expect([labelled.metadata.generation, changed.metadata.generation]).toEqual([1, 2]);
});

test.each([
  { name: "version", precondition: { resourceVersion: "999" } },
  { name: "uid", precondition: { uid: "other" } },
])("a patch whose $name no longer holds is aborted and changes nothing", async ({ precondition }) => {
  const store = await openStore();
  await store.create("TaskAction", anAction("a"));
  const patch = { metadata: { ...precondition, labels: { x: "y" } } };
  await expect(store.patch("TaskAction", "a", patch)).rejects.toMatchObject({ code: "aborted" });
  expect(store.get("TaskAction", "a")?.metadata.labels).toBeUndefined();
});

test("of two writers with the same version one wins and the other is aborted", async () => {
  const store = await openStore();
  const { metadata } = await store.create("TaskAction", anAction("a"));
  const patch = (value: string) =>
    store.patch("TaskAction", "a", { metadata: { resourceVersion: metadata.resourceVersion, labels: { value } } });
  const results = await Promise.allSettled([patch("one"), patch("two")]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(store.get("TaskAction", "a")?.metadata.labels).toEqual({ value: "one" });
});

test("an object with a finalizer stays until the finalizer is gone", async () => {
  const store = await openStore();
  await store.create("TaskAction", anAction("a", { finalizers: ["flyte.org/x"] }));
  await store.delete("TaskAction", "a");
  expect(store.get("TaskAction", "a")?.metadata.deletionTimestamp).toBeDefined();
  await expect(
    store.patch("TaskAction", "a", { metadata: { finalizers: ["flyte.org/x", "flyte.org/y"] } }),
  ).rejects.toMatchObject({
    code: "invalid_argument",
  });
  await store.patch("TaskAction", "a", { metadata: { finalizers: null } });
  expect(store.get("TaskAction", "a")).toBeUndefined();
});

test("a delete with another object's uid is aborted", async () => {
  const store = await openStore();
  await store.create("TaskAction", anAction("a"));
  await expect(store.delete("TaskAction", "a", { uid: "other" })).rejects.toMatchObject({ code: "aborted" });
});

test("what an object owned goes with it, over several levels, and nothing else does", async () => {
  const store = await openStore();
  const parent = await store.create("TaskAction", anAction("parent"));
  const child = await store.create("TaskAction", anAction("child", { owner: parent }));
  await store.create("TaskAction", anAction("grandchild", { owner: child }));
  await store.create("TaskAction", anAction("stranger"));
  await store.delete("TaskAction", "parent");
  expect(store.list("TaskAction").map(({ metadata }) => metadata.name)).toEqual(["stranger"]);
});

test("an object created under an owner that is gone is removed again", async () => {
  const store = await openStore();
  const parent = await store.create("TaskAction", anAction("parent"));
  await store.delete("TaskAction", "parent");
  await store.create("TaskAction", anAction("late", { owner: parent }));
  expect(store.get("TaskAction", "late")).toBeUndefined();
});

test("a running pod under deletion stays until the kubelet's word, with the end of its grace as deletion time", async () => {
  const store = await openStore();
  const pod = await store.create("Pod", aPod("p"));
  await store.delete("Pod", "p", { gracePeriodSeconds: 10 });
  expect(store.get("Pod", "p")?.metadata).toMatchObject({
    deletionTimestamp: "2023-11-14T22:13:30.000Z",
    deletionGracePeriodSeconds: 10,
  });
  await store.delete("Pod", "p", { gracePeriodSeconds: 60 });
  expect(store.get("Pod", "p")?.metadata.deletionGracePeriodSeconds).toBe(10);
  await store.confirmStopped("p", "another uid");
  expect(store.get("Pod", "p")).toBeDefined();
  await store.confirmStopped("p", pod.metadata.uid);
  expect(store.get("Pod", "p")).toBeUndefined();
});

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
