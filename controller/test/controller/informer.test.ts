import { DataPlaneError, type TaskAction } from "@flyte-dataplane/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WatchEvent } from "../../src/cluster/cluster.ts";
import { type Change, createInformer, type Informer } from "../../src/informer.ts";
import { quiet } from "./harness.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { type MemoryCluster, memoryCluster } from "./memory-cluster.ts";

let clock: ManualClock;
let memory: MemoryCluster;
let informer: Informer<TaskAction>;
let changes: Change<TaskAction>[];
/** Holds back what a watch would show. */
let gate: Promise<void>;
let open: () => void;
let tooOld: boolean;
let running: AbortController;
let ended: Promise<void>;

beforeEach(async () => {
  clock = manualClock();
  memory = await memoryCluster(clock);
  open = () => undefined;
  gate = Promise.resolve();
  tooOld = false;
  const client = { ...memory.cluster.taskActions, watch: gated };
  informer = createInformer({ client, clock, logger: quiet });
  changes = [];
  informer.subscribe((change) => changes.push(change));
  running = new AbortController();
  ended = informer.run(running.signal);
  await informer.synced(running.signal);
});

afterEach(async () => {
  open();
  running.abort();
  await ended;
});

async function* gated(version: string, options = {}): AsyncIterable<WatchEvent<TaskAction>> {
  for await (const event of memory.cluster.taskActions.watch(version, options)) {
    await gate;
    if (tooOld) {
      tooOld = false;
      throw new DataPlaneError("out_of_range", "watch: too old");
    }
    yield event;
  }
}

function shut(): void {
  gate = new Promise((resolve) => {
    open = resolve;
  });
}

const make = async (name: string): Promise<TaskAction> =>
  await memory.cluster.taskActions.create({
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: { name },
    spec: { runName: "r", project: "p", domain: "d", actionName: name },
  });

const label = async (name: string, value: string): Promise<TaskAction> =>
  await memory.cluster.taskActions.patch(name, { metadata: { labels: { value } } });
const shown = (name: string): string | undefined => informer.get(name)?.metadata.labels?.["value"];

test("our own write is seen at once, older news of the object is skipped, and its echo tells nobody again", async () => {
  await make("a");
  await vi.waitFor(() => expect(informer.get("a")).toBeDefined());
  shut();
  await label("a", "theirs");
  await informer.write("a", () => label("a", "ours"));
  expect(shown("a")).toBe("ours");
  open();
  await label("a", "later");
  await vi.waitFor(() => expect(shown("a")).toBe("later"));
  expect(changes.map(({ type, own, object }) => `${type} ${object.metadata.labels?.["value"] ?? "-"} ${own}`)).toEqual([
    "added - false",
    "modified ours true",
    "modified later false",
  ]);
});

test("a write that changes nothing does not make later news wait", async () => {
  await make("a");
  await label("a", "same");
  await vi.waitFor(() => expect(shown("a")).toBe("same"));
  await informer.write("a", () => label("a", "same"));
  await label("a", "new");
  await vi.waitFor(() => expect(shown("a")).toBe("new"));
});

test("an object that our write removed is gone, whenever the news of it comes", async () => {
  for (const late of [false, true]) {
    await make("a");
    await memory.cluster.taskActions.patch("a", { metadata: { finalizers: ["x/y"] } });
    await memory.cluster.taskActions.delete("a");
    await vi.waitFor(() => expect(informer.get("a")?.metadata.deletionTimestamp).toBeDefined());
    if (late) shut();
    await informer.write("a", () => memory.cluster.taskActions.patch("a", { metadata: { finalizers: [] } }));
    open();
    await vi.waitFor(() => expect(informer.get("a")).toBeUndefined());
  }
});

test("after a forced new list, changes and deletions that were missed are told [controller 35]", async () => {
  await make("a");
  await make("b");
  await vi.waitFor(() => expect(informer.get("b")).toBeDefined());
  changes.length = 0;
  shut();
  await label("a", "missed");
  await memory.cluster.taskActions.delete("b");
  await make("c");
  tooOld = true;
  open();
  await vi.waitFor(() => expect(informer.get("c")).toBeDefined());
  expect(changes.map(({ type, object }) => `${type} ${object.metadata.name}`).sort()).toEqual([
    "added c",
    "deleted b",
    "modified a",
  ]);
  expect(shown("a")).toBe("missed");
  await label("a", "after");
  await vi.waitFor(() => expect(shown("a")).toBe("after"));
});
