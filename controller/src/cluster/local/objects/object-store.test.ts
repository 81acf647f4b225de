import { expect, test } from "vitest";
import { anAction, aPod, openStore } from "../../../../test/local-cluster/memory-store.ts";

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
