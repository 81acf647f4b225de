import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { DataPlaneError } from "@flyte-dataplane/core";
import { EnqueueRequestSchema, type SignalRequest } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { finished, progressing, startController, type TestController, taskRequest } from "./harness.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { type MemoryCluster, memoryCluster } from "./memory-cluster.ts";
import { eventLines } from "./run-service.ts";

let clock: ManualClock;
let memory: MemoryCluster;
let controller: TestController;

beforeEach(async () => {
  clock = manualClock();
  memory = await memoryCluster(clock);
  controller = await startController({ cluster: memory.cluster, clock });
  await controller.actions.enqueue(taskRequest({ data: controller.data }));
});

afterEach(async () => {
  await controller.stop();
});

const run = { org: "o", project: "flytesnacks", domain: "development", name: "r1" };
const primitive = (value: object) => ({
  value: {
    case: "scalar" as const,
    value: { value: { case: "primitive" as const, value: { value: value as never } } },
  },
});
const integer = (value: bigint) => primitive({ case: "integer", value });

async function waiting(name: string, timeoutSeconds = 0): Promise<void> {
  await controller.actions.enqueue(
    create(EnqueueRequestSchema, {
      action: {
        actionId: { run, name },
        parentActionName: "a0",
        inputUri: "/in",
        runOutputBase: "/out",
        spec: {
          case: "condition",
          value: {
            name,
            type: { type: { case: "simple", value: SimpleType.INTEGER } },
            timeout: { seconds: BigInt(timeoutSeconds) },
          },
        },
      },
    }),
  );
  await controller.action(`r1-${name}`, progressing("Paused"));
}

const signal = async (name: string, value: object): Promise<void> => {
  await controller.actions.signal({
    actionId: { run, name },
    parentActionName: "a0",
    value: value as SignalRequest["value"] & object,
  });
};

test("a condition waits without a Pod and without a finalizer, and says so once [controller 81]", async () => {
  await waiting("c1");
  const { metadata } = await memory.cluster.taskActions.get("r1-c1");
  expect(metadata.finalizers ?? []).toEqual([]);
  expect(memory.calls).not.toContain("create Pod r1-c1-0");
  await vi.waitFor(() =>
    expect(controller.runs.events.filter(({ phase }) => phase === ActionPhase.PAUSED)).toHaveLength(1),
  );
});

test("a condition without a limit never gives up; one with a limit does so at that time [controller 83]", async () => {
  await waiting("c1");
  await waiting("c2", 60);
  clock.advance(59_000);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(progressing("Paused")(await memory.cluster.taskActions.get("r1-c2"))).toBe(true);
  clock.advance(1_000);
  const ended = await controller.action("r1-c2", finished);
  expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Failed", reason: "TimedOut" });
  expect(ended.status?.errorState?.code).toBe("ConditionTimedOut");
  clock.advance(10_000_000);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(progressing("Paused")(await memory.cluster.taskActions.get("r1-c1"))).toBe(true);
});

test("a signal that came in time wins over a look that comes too late [controller 84]", async () => {
  await waiting("c1", 60);
  await controller.restart(async () => {
    const signalledAt = new Date(clock.now()).toISOString();
    await memory.cluster.taskActions.patch(
      "r1-c1",
      { status: { signalValue: "CgQKAggH", signalledAt } },
      { subresource: "status" },
    );
    clock.advance(120_000);
  });
  expect((await controller.action("r1-c1", finished)).status?.conditions?.at(-1)).toMatchObject({
    type: "Succeeded",
    reason: "Signaled",
  });
});

test("a condition's life is told in events: paused once, then how it ended [controller X30]", async () => {
  await waiting("c1");
  await waiting("c2", 60);
  await signal("c1", integer(7n));
  await controller.action("r1-c1", finished);
  clock.advance(60_000);
  await controller.action("r1-c2", finished);
  const phases = (name: string): readonly string[] =>
    controller.runs.events
      .filter(({ id }) => id?.name === name)
      .map(({ attempt, phase }) => `${attempt} ${ActionPhase[phase]}`);
  await vi.waitFor(() => expect(phases("c1")).toEqual(["1 PAUSED", "1 SUCCEEDED"]));
  await vi.waitFor(() => expect(phases("c2")).toEqual(["1 PAUSED", "1 TIMED_OUT"]));
});

test("that a condition waits is told again by the next process where the word was lost [controller X30]", async () => {
  controller.runs.before = (call) => {
    if (call.startsWith("events")) throw new DataPlaneError("unavailable", "down");
    return undefined;
  };
  await waiting("c1");
  await controller.restart(async () => {
    expect(controller.runs.events).toEqual([]);
    controller.runs.before = () => undefined;
  });
  const told = (): readonly string[] => eventLines(controller.runs.events.filter(({ id }) => id?.name === "c1"));
  await vi.waitFor(() => expect(told()).toEqual(["1 PAUSED v0"]));
  await signal("c1", integer(7n));
  await controller.action("r1-c1", finished);
  await vi.waitFor(() => expect(told()).toEqual(["1 PAUSED v0", "1 SUCCEEDED v0"]));
});

test("a condition whose specification is broken fails as its author's mistake [controller 85]", async () => {
  await memory.cluster.taskActions.create({
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: { name: "r1-c1" },
    spec: {
      runName: "r1",
      project: "flytesnacks",
      domain: "development",
      actionName: "c1",
      actionType: "condition",
      conditionSpec: "/////w==",
    },
  });
  expect((await controller.action("r1-c1", finished)).status).toMatchObject({
    errorState: { code: "InvalidSpec", kind: "USER" },
  });
});

test("a signal of no simple kind is refused as malformed [controller 39]", async () => {
  await waiting("c1");
  await expect(signal("c1", primitive({ case: "datetime", value: { seconds: 1n } }))).rejects.toMatchObject({
    code: Code.InvalidArgument,
  });
});

test("a signal for nobody is not found; for a task it is out of place [controller 39]", async () => {
  await expect(signal("c1", integer(1n))).rejects.toMatchObject({ code: Code.NotFound });
  await expect(signal("a0", integer(1n))).rejects.toMatchObject({ code: Code.FailedPrecondition });
});

test("a value of another type than declared is refused as malformed [controller 39]", async () => {
  await waiting("c1");
  await expect(signal("c1", primitive({ case: "stringValue", value: "7" }))).rejects.toMatchObject({
    code: Code.InvalidArgument,
  });
});

test("the same signal again is fine, another one is not, also after the end [controller 39]", async () => {
  await waiting("c1");
  await signal("c1", integer(7n));
  await signal("c1", integer(7n));
  await expect(signal("c1", integer(8n))).rejects.toMatchObject({ code: Code.FailedPrecondition });
  await controller.action("r1-c1", finished);
  await signal("c1", integer(7n));
});

test("a signal after the limit, or after the condition has ended, is refused [controller 39]", async () => {
  await waiting("c1", 60);
  clock.advance(60_000);
  await expect(signal("c1", integer(7n))).rejects.toMatchObject({ code: Code.FailedPrecondition });
  await controller.action("r1-c1", finished);
  await expect(signal("c1", integer(7n))).rejects.toMatchObject({ code: Code.FailedPrecondition });
});

test("of two equal signals at once both succeed, of two different ones exactly one [controller 39]", async () => {
  await waiting("c1");
  await waiting("c2");
  const settle = async (name: string, values: readonly bigint[]): Promise<readonly string[]> => {
    const signals = Promise.allSettled(values.map((value) => signal(name, integer(value))));
    for (let turn = 0; turn < 200; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(10);
    }
    return (await signals).map(({ status }) => status).sort();
  };
  expect(await settle("c1", [7n, 7n])).toEqual(["fulfilled", "fulfilled"]);
  expect(await settle("c2", [7n, 8n])).toEqual(["fulfilled", "rejected"]);
});

test("a signal leaves the conditions to the executor, whose write leaves the signal alone [controller 40]", async () => {
  await waiting("c1");
  const written: unknown[] = [];
  memory.before = (call) => {
    written.push(call);
  };
  await signal("c1", integer(7n));
  const ended = await controller.action("r1-c1", finished);
  expect(ended.status?.signalValue).toBeDefined();
  expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Succeeded", reason: "Signaled" });
});
