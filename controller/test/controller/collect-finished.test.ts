import { DataPlaneError, type TaskAction } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { finished, startController, type TestController, taskRequest } from "./harness.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { endedStatus, type MemoryCluster, memoryCluster } from "./memory-cluster.ts";

const hourMs = 3_600_000;

let clock: ManualClock;
let memory: MemoryCluster;
let controller: TestController | undefined;

beforeEach(async () => {
  clock = manualClock();
  memory = await memoryCluster(clock);
});

afterEach(async () => {
  await controller?.stop();
  controller = undefined;
});

const start = async (flags: Readonly<Record<string, string>> = {}): Promise<TestController> => {
  controller = await startController({ cluster: memory.cluster, clock, flags });
  return controller;
};

const standing = async (): Promise<readonly string[]> =>
  (await memory.cluster.taskActions.list()).items.map(({ metadata }) => metadata.name).sort();

/** Time in small steps, so that whoever waits again is there for the next one. */
async function pass(ms: number, stepMs: number): Promise<void> {
  for (const until = clock.now() + ms; clock.now() < until; clock.advance(stepMs))
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** An action that has ended at `endedMs`, told and tidied up after. */
async function ended(name: string, endedMs: number): Promise<void> {
  const at = new Date(endedMs).toISOString();
  const object: TaskAction = {
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: {
      name: `${name}-a0`,
      labels: {
        "flyte.org/termination-status": "terminated",
        "flyte.org/completed-time": at.slice(0, 16).replace("T", ".").replace(":", "-"),
        "flyte.org/terminal-status-recorded": "true",
      },
    },
    spec: { runName: name, project: "flytesnacks", domain: "development", actionName: "a0" },
  };
  await memory.cluster.taskActions.create(object);
  const conditions = [{ type: "Succeeded", status: "True", reason: "Completed", message: "", lastTransitionTime: at }];
  await memory.cluster.taskActions.patch(`${name}-a0`, { status: { conditions } }, { subresource: "status" });
}

test("a finished run goes an hour after its end, with its pods and without a word; a live run keeps its finished children [controller 78,91,X13]", async () => {
  const { actions, data, runs, action } = await start({ "executor.podDeleteOnTerminal": "false" });
  for (const run of ["r1", "r2"]) {
    await actions.enqueue(taskRequest({ data, run }));
    await actions.enqueue(taskRequest({ data, run, action: "x", parent: "a0" }));
  }
  for (const name of ["r1-x", "r1-a0", "r2-x"]) {
    const pod = await memory.pod(`${name}-0`);
    await memory.setStatus(`${name}-0`, endedStatus(pod, { exitCode: 0 }));
    await action(
      name,
      (now) => finished(now) && now.metadata.labels?.["flyte.org/terminal-status-recorded"] === "true",
    );
  }
  await pass(hourMs, hourMs / 60);
  expect(await standing()).toEqual(["r1-a0", "r1-x", "r2-a0", "r2-x"]);
  const told = runs.calls.filter((call) => !call.includes("r2-a0")).length;
  await pass(hourMs, hourMs / 60);
  await vi.waitFor(async () => expect(await standing()).toEqual(["r2-a0", "r2-x"]));
  const pods = (await memory.cluster.pods.list()).items.map(({ metadata }) => metadata.name).sort();
  expect(pods).toEqual(["r2-a0-0", "r2-x-0"]);
  expect(runs.calls.filter((call) => !call.includes("r2-a0"))).toHaveLength(told);
  expect(runs.events.map(({ phase }) => phase)).not.toContain(ActionPhase.ABORTED);
});

test("501 finished runs go in one sweep at the pace that is set, one that is gone already is no fault, one that cannot go does the next time [controller 91]", async () => {
  const runs = Array.from({ length: 501 }, (_, index) => `n${index}`);
  for (const run of runs) await ended(run, clock.now() - 2 * hourMs);
  await ended("young", clock.now());
  let isDown = true;
  memory.before = (call) => {
    if (call === "delete TaskAction n7-a0") throw new DataPlaneError("not_found", "gone");
    if (call === "delete TaskAction n8-a0" && isDown) throw new DataPlaneError("unavailable", "down");
  };
  await start({ "executor.gc.maxTTL": "1h", "executor.gc.deletesPerSecond": "100" });
  const deletions = (): number => memory.calls.filter((call) => call.startsWith("delete TaskAction")).length;
  await pass(1_000, 10);
  expect(deletions()).toBeGreaterThan(50);
  expect(deletions()).toBeLessThanOrEqual(101);
  await pass(5_000, 10);
  expect(deletions()).toBe(501);
  expect(await standing()).toEqual(["n7-a0", "n8-a0", "young-a0"]);
  isDown = false;
  memory.before = () => undefined;
  await pass(hourMs / 2, 10_000);
  await pass(1_000, 10);
  await vi.waitFor(async () => expect(await standing()).toEqual(["young-a0"]));
}, 30_000);

test("an interval of 0 keeps everything [controller 91]", async () => {
  await ended("r1", clock.now() - 100 * hourMs);
  const { actions, data, action } = await start({ "executor.gc.interval": "0s" });
  await pass(3 * hourMs, hourMs / 6);
  await actions.enqueue(taskRequest({ data, run: "r2" }));
  await action("r2-a0", () => true);
  expect(await standing()).toEqual(["r1-a0", "r2-a0"]);
});

test("a run that gets a new action during the sweep is left alone, and a name in new hands is not deleted", async () => {
  await ended("r1", clock.now() - 2 * hourMs);
  await ended("r2", clock.now() - 2 * hourMs);
  const { actions, data, action } = await start({ "executor.gc.deletesPerSecond": "1" });
  await pass(500, 100);
  await actions.enqueue(taskRequest({ data, run: "r1", action: "x", parent: "a0" }));
  await action("r1-x", () => true);
  // The same name again, unseen by the controller until after it has decided.
  memory.before = async (call) => {
    if (call !== "delete TaskAction r2-a0") return;
    memory.before = () => undefined;
    await memory.cluster.taskActions.delete("r2-a0");
    await ended("r2", clock.now() - 2 * hourMs);
  };
  await pass(5_000, 100);
  expect(await standing()).toEqual(["r1-a0", "r1-x", "r2-a0"]);
});

test("a stop ends a sweep where it stands", async () => {
  for (let count = 0; count < 5; count += 1) await ended(`n${count}`, clock.now() - 2 * hourMs);
  const { stop } = await start({ "executor.gc.deletesPerSecond": "1" });
  await pass(2_500, 100);
  controller = undefined;
  await stop();
  const left = await standing();
  expect(left.length).toBeGreaterThan(0);
  expect(left.length).toBeLessThan(5);
});
