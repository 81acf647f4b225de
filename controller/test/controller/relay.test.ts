import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { DataPlaneError } from "@flyte-dataplane/core";
import { EnqueueRequestSchema } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { finished, progressing, startController, type TestController, taskRequest } from "./harness.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { endedStatus, type MemoryCluster, memoryCluster, runningStatus } from "./memory-cluster.ts";

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

const enqueue = async (action = "a0", parent?: string): Promise<void> => {
  await controller.actions.enqueue(
    taskRequest({ data: controller.data, action, ...(parent === undefined ? {} : { parent }) }),
  );
};

async function succeed(name: string): Promise<void> {
  const pod = await memory.pod(`${name}-0`);
  await memory.setStatus(pod.metadata.name, endedStatus(pod, { exitCode: 0 }));
  await controller.action(name, finished);
}

const isRecorded = (labels: Readonly<Record<string, string>> | undefined): boolean =>
  labels?.["flyte.org/terminal-status-recorded"] === "true";

async function passTime(holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let step = 0; step < 1_000; step += 1) {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (await holds()) return;
    clock.advance(500);
  }
  throw new Error("time passed and nothing came of it");
}

test("an action is recorded before its status is told, also when the first record fails [controller 41]", async () => {
  let failures = 2;
  controller.runs.before = (call) => {
    if (call.startsWith("record") && failures > 0) {
      failures -= 1;
      throw new DataPlaneError("unavailable", "down");
    }
    return undefined;
  };
  await enqueue();
  await passTime(() => controller.runs.updates.length > 0);
  const calls = controller.runs.calls.filter((call) => !call.startsWith("events"));
  expect(calls[0]).toBe("record r1-a0");
  expect(calls.filter((call) => call.startsWith("record"))).toHaveLength(1);
});

test("a refusal inside a successful answer is repeated, for records and for statuses [controller 42]", async () => {
  const refused = new Set<string>();
  controller.runs.before = (call) => {
    if (call.startsWith("events") || refused.has(call)) return undefined;
    refused.add(call);
    return 13;
  };
  await enqueue();
  await passTime(() => controller.runs.updates.length > 0);
  expect(controller.runs.calls).toContain("record r1-a0 (13)");
  expect(controller.runs.calls).toContain("record r1-a0");
  expect(controller.runs.calls).toContain("update r1-a0 QUEUED (13)");
});

test("the end is marked as recorded only once it was accepted [controller 43]", async () => {
  let down = true;
  controller.runs.before = (call) => {
    if (down && call.includes("SUCCEEDED")) throw new DataPlaneError("unavailable", "down");
    return undefined;
  };
  await enqueue();
  await succeed("r1-a0");
  expect(isRecorded((await memory.cluster.taskActions.get("r1-a0")).metadata.labels)).toBe(false);
  down = false;
  await passTime(async () => isRecorded((await memory.cluster.taskActions.get("r1-a0")).metadata.labels));
  expect(controller.runs.updates.at(-1)?.status?.phase).toBe(ActionPhase.SUCCEEDED);
});

test("an action marked as recorded causes no call after a restart [controller 44]", async () => {
  await enqueue();
  await succeed("r1-a0");
  await controller.action("r1-a0", ({ metadata }) => isRecorded(metadata.labels));
  const told = controller.runs.calls.length;
  await controller.restart();
  await enqueue("b0");
  await vi.waitFor(() => expect(controller.runs.calls).toContain("update r1-b0 QUEUED"));
  expect(controller.runs.calls.slice(told).filter((call) => call.includes("r1-a0"))).toEqual([]);
});

test("the first child shows an early parent as running, with its real attempts; a running one is left alone [controller 45]", async () => {
  await enqueue();
  await vi.waitFor(() => expect(controller.runs.calls).toContain("update r1-a0 QUEUED"));
  await enqueue("x1", "a0");
  await vi.waitFor(() => expect(controller.runs.calls).toContain("update r1-a0 RUNNING"));
  expect(
    controller.runs.updates.find(
      ({ actionId, status }) => actionId?.name === "a0" && status?.phase === ActionPhase.RUNNING,
    )?.status?.attempts,
  ).toBe(1);
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", runningStatus(pod, "2026-05-06T07:08:10Z"));
  await controller.action("r1-a0", progressing("Executing"));
  await vi.waitFor(() =>
    expect(controller.runs.calls.filter((call) => call === "update r1-a0 RUNNING")).toHaveLength(2),
  );
  await enqueue("x2", "a0");
  await vi.waitFor(() => expect(controller.runs.calls).toContain("update r1-x2 QUEUED"));
  await succeed("r1-a0");
  await enqueue("x3", "a0");
  await vi.waitFor(() => expect(controller.runs.calls).toContain("update r1-x3 QUEUED"));
  expect(controller.runs.calls.filter((call) => call === "update r1-a0 RUNNING")).toHaveLength(2);
});

test("every status names the action's creation as its start [controller 46]", async () => {
  await enqueue();
  await succeed("r1-a0");
  await vi.waitFor(() => expect(controller.runs.updates.at(-1)?.status?.phase).toBe(ActionPhase.SUCCEEDED));
  const created = Date.parse((await memory.cluster.taskActions.get("r1-a0")).metadata.creationTimestamp ?? "");
  for (const { status } of controller.runs.updates)
    expect(status?.startTime === undefined ? 0 : timestampMs(status.startTime)).toBe(created);
});

test("a signalled condition ends with its value and with who gave it [controller 47,82]", async () => {
  await enqueue();
  const run = { org: "o", project: "flytesnacks", domain: "development", name: "r1" };
  const value = {
    value: {
      case: "scalar" as const,
      value: { value: { case: "primitive" as const, value: { value: { case: "boolean" as const, value: true } } } },
    },
  };
  await controller.actions.enqueue(
    create(EnqueueRequestSchema, {
      action: {
        actionId: { run, name: "ok" },
        parentActionName: "a0",
        inputUri: "/in",
        runOutputBase: "/out",
        spec: {
          case: "condition",
          value: { name: "ok", type: { type: { case: "simple", value: SimpleType.BOOLEAN } } },
        },
      },
    }),
  );
  await controller.action("r1-ok", progressing("Paused"));
  await controller.actions.signal({
    actionId: { run, name: "ok" },
    parentActionName: "a0",
    value,
    signalledBy: { principal: { case: "user", value: { id: { subject: "ada" } } } },
  });
  await controller.action("r1-ok", (now) => finished(now) && isRecorded(now.metadata.labels));
  const last = controller.runs.updates.filter(({ actionId }) => actionId?.name === "ok").at(-1);
  expect(last).toMatchObject({
    status: { phase: ActionPhase.SUCCEEDED },
    output: value,
    principal: { principal: { value: { id: { subject: "ada" } } } },
  });
});

test("with the run service away for ten minutes nothing is lost, and all is told within a minute of its return [controller 48]", async () => {
  let down = true;
  controller.runs.before = (call) => {
    if (down && !call.startsWith("events")) throw new DataPlaneError("unavailable", "down");
    return undefined;
  };
  const names = Array.from({ length: 1_000 }, (_, index) => `n${index}`);
  await Promise.all(names.map((name) => enqueue(name)));
  await Promise.all(names.map((name) => succeed(`r1-${name}`)));
  const backAt = clock.now() + 600_000;
  for (; clock.now() < backAt; clock.advance(5_000)) await new Promise((resolve) => setImmediate(resolve));
  down = false;
  const since = clock.now();
  await passTime(
    () =>
      controller.runs.updates.filter(({ status }) => status?.phase === ActionPhase.SUCCEEDED).length === names.length,
  );
  expect(clock.now() - since).toBeLessThanOrEqual(60_000);
  expect(new Set(controller.runs.records.map(({ actionId }) => actionId?.name)).size).toBe(names.length);
}, 60_000);
