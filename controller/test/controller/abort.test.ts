import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";
import { EnqueueRequestSchema } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { finished, progressing, startController, type TestController, taskRequest } from "./harness.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { endedStatus, type MemoryCluster, memoryCluster } from "./memory-cluster.ts";

let clock: ManualClock;
let memory: MemoryCluster;
let controller: TestController;

beforeEach(async () => {
  clock = manualClock();
  memory = await memoryCluster(clock);
  controller = await startController({ cluster: memory.cluster, clock });
});

afterEach(async () => {
  await controller.stop();
});

const idOf = (action: string) => ({
  run: { org: "o", project: "flytesnacks", domain: "development", name: "r1" },
  name: action,
});
const ada = { principal: { case: "user" as const, value: { id: { subject: "ada" } } } };

async function enqueue(action: string, parent?: string): Promise<void> {
  await controller.actions.enqueue(
    taskRequest({ data: controller.data, action, retries: 1, ...(parent === undefined ? {} : { parent }) }),
  );
  await controller.action(`r1-${action}`, progressing("Queued"));
}

const isGone = async (name: string): Promise<boolean> => {
  const found = await memory.cluster.taskActions.get(name).catch(() => undefined);
  return found === undefined;
};

test("an abort takes the action and everything below it, and says why to whoever asks later [controller 37]", async () => {
  await enqueue("a0");
  await enqueue("x1", "a0");
  await enqueue("y1", "x1");
  await controller.actions.abort({ actionId: idOf("a0"), reason: "not needed", abortedBy: ada });
  await vi.waitFor(async () => {
    for (const name of ["r1-a0", "r1-x1", "r1-y1"]) expect(await isGone(name)).toBe(true);
  });
  const { runs } = controller;
  await vi.waitFor(() =>
    expect(runs.updates.filter(({ status }) => status?.phase === ActionPhase.ABORTED)).toHaveLength(3),
  );
  for (const update of runs.updates.filter(({ status }) => status?.phase === ActionPhase.ABORTED)) {
    expect(update).toMatchObject({ abortReason: "not needed", principal: ada });
  }
  const events = runs.events.filter(({ phase }) => phase === ActionPhase.ABORTED);
  expect(events.map(({ id, clusterEvents }) => `${id?.name ?? ""}: ${clusterEvents[0]?.message ?? ""}`).sort()).toEqual(
    ["a0: not needed", "x1: not needed", "y1: not needed"],
  );
});

test("aborting what does not exist, or no longer, is not found, in those words [controller 37]", async () => {
  await expect(controller.actions.abort({ actionId: idOf("a0") })).rejects.toMatchObject({
    code: Code.NotFound,
    message: expect.stringContaining("not found") as string,
  });
});

test("aborting twice is fine both times while the first is under way [controller 37]", async () => {
  await enqueue("a0");
  controller.runs.before = (call) => {
    if (call.startsWith("events")) throw new DataPlaneError("unavailable", "down");
    return undefined;
  };
  await controller.actions.abort({ actionId: idOf("a0"), reason: "first" });
  await controller.actions.abort({ actionId: idOf("a0"), reason: "second" });
  const { metadata } = await memory.cluster.taskActions.get("r1-a0");
  expect(metadata.deletionTimestamp).toBeDefined();
  expect(metadata.annotations?.["flyte.org/abort-reason"]).toBe("first");
});

test("aborting a finished action leaves it as it is, but ends what it left running [controller 38]", async () => {
  await enqueue("a0");
  await enqueue("x1", "a0");
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", endedStatus(pod, { exitCode: 0 }));
  const before = await controller.action(
    "r1-a0",
    (action) => finished(action) && action.metadata.labels?.["flyte.org/terminal-status-recorded"] === "true",
  );
  await controller.actions.abort({ actionId: idOf("a0"), reason: "late" });
  expect(await memory.cluster.taskActions.get("r1-a0")).toEqual(before);
  await vi.waitFor(async () => expect(await isGone("r1-x1")).toBe(true));
});

test("deletion ends the Pods of all attempts with a short grace, reports the abort, and only then lets the action go [controller 77]", async () => {
  await enqueue("a0");
  const first = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", endedStatus(first, { exitCode: 1 }));
  await memory.pod("r1-a0-1");
  memory.calls.length = 0;
  await controller.actions.abort({ actionId: idOf("a0"), reason: "enough" });
  await vi.waitFor(async () => expect(await isGone("r1-a0")).toBe(true));
  const second = await memory.pod("r1-a0-1").catch(() => undefined);
  expect(second?.metadata.deletionTimestamp).toBeDefined();
  expect(second?.metadata.deletionGracePeriodSeconds ?? 0).toBeLessThanOrEqual(30);
  const event = controller.runs.events.at(-1);
  expect(event).toMatchObject({ phase: ActionPhase.ABORTED, attempt: 2, version: 0 });
  const deletePod = memory.calls.indexOf("delete Pod r1-a0-1");
  expect(deletePod).toBeGreaterThanOrEqual(0);
  expect(memory.calls.lastIndexOf("patch TaskAction r1-a0")).toBeGreaterThan(deletePod);
});

test("deleting a finished action reports nothing more [controller 78]", async () => {
  await enqueue("a0");
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", endedStatus(pod, { exitCode: 0 }));
  await controller.action(
    "r1-a0",
    (action) => finished(action) && action.metadata.labels?.["flyte.org/terminal-status-recorded"] === "true",
  );
  const { events, updates } = controller.runs;
  const told = [events.length, updates.length];
  await memory.cluster.taskActions.delete("r1-a0");
  expect(await isGone("r1-a0")).toBe(true);
  await enqueue("b0");
  expect([
    events.filter(({ id }) => id?.name === "a0").length,
    updates.filter(({ actionId }) => actionId?.name === "a0").length,
  ]).toEqual(told);
});

const abortedRows = (): readonly (string | undefined)[] =>
  controller.runs.updates
    .filter(({ status }) => status?.phase === ActionPhase.ABORTED)
    .map(({ actionId }) => actionId?.name)
    .sort((a = "", b = "") => a.localeCompare(b));

test("an abort that a stop cuts short leaves no row behind: each action stays until its row says aborted [controller 77]", async () => {
  await enqueue("a0");
  const children = Array.from({ length: 20 }, (_, index) => `x${index}`);
  for (const child of children) await enqueue(child, "a0");
  await controller.actions.enqueue(
    create(EnqueueRequestSchema, {
      action: {
        actionId: idOf("ok"),
        parentActionName: "a0",
        inputUri: "/in",
        runOutputBase: "/out",
        spec: { case: "condition", value: { name: "ok", type: { type: { case: "simple", value: 4 } } } },
      },
    }),
  );
  await controller.action("r1-ok", progressing("Paused"));
  controller.runs.before = (call) => {
    if (call.includes("ABORTED")) throw new DataPlaneError("unavailable", "stopping");
    return undefined;
  };
  await controller.actions.abort({ actionId: idOf("a0"), reason: "not needed", abortedBy: ada });
  await vi.waitFor(() =>
    expect(controller.runs.events.filter(({ phase }) => phase === ActionPhase.ABORTED)).toHaveLength(22),
  );
  await controller.restart(async () => {
    const { items } = await memory.cluster.taskActions.list();
    expect(items).toHaveLength(22);
    controller.runs.before = () => undefined;
  });
  await vi.waitFor(async () => expect((await memory.cluster.taskActions.list()).items).toEqual([]));
  expect(abortedRows()).toEqual(["a0", "ok", ...children].sort());
});

test("an action that nobody looked at before it was aborted is told of after a crash, with the reason", async () => {
  await enqueue("a0");
  await controller.restart(async () => {
    const unseen = taskRequest({ data: controller.data, action: "x1", parent: "a0" });
    // Only the service runs, not the loops: the executor has not seen the child yet.
    await controller.actions.enqueue(unseen);
    await controller.actions.abort({ actionId: idOf("x1"), reason: "not needed", abortedBy: ada });
  });
  await vi.waitFor(async () => expect(await isGone("r1-x1")).toBe(true));
  expect(abortedRows()).toEqual(["x1"]);
  expect(controller.runs.updates.find(({ actionId }) => actionId?.name === "x1")).toMatchObject({
    abortReason: "not needed",
    principal: ada,
  });
});

test("with the run service away an action can be deleted after five minutes, and its row is told on its return", async () => {
  await enqueue("a0");
  controller.runs.before = (call) => {
    if (call.startsWith("update")) throw new DataPlaneError("unavailable", "down");
    return undefined;
  };
  await controller.actions.abort({ actionId: idOf("a0") });
  const step = async (): Promise<void> => {
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let second = 0; second < 290; second += 1) await step();
  expect(await isGone("r1-a0")).toBe(false);
  for (let second = 290; second < 400 && !(await isGone("r1-a0")); second += 1) await step();
  expect(await isGone("r1-a0")).toBe(true);
  controller.runs.before = () => undefined;
  for (let second = 0; second < 60 && abortedRows().length === 0; second += 1) await step();
  expect(abortedRows()).toEqual(["a0"]);
});

test("with the events service down an action can be deleted after five minutes [controller 79]", async () => {
  await enqueue("a0");
  controller.runs.before = (call) => {
    if (call.startsWith("events")) throw new DataPlaneError("unavailable", "down");
    return undefined;
  };
  await controller.actions.abort({ actionId: idOf("a0") });
  const step = async (): Promise<void> => {
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let second = 0; second < 290; second += 1) await step();
  expect(await isGone("r1-a0")).toBe(false);
  for (let second = 290; second < 400 && !(await isGone("r1-a0")); second += 1) await step();
  expect(await isGone("r1-a0")).toBe(true);
});
