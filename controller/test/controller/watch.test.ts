import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  WatchForUpdatesRequestSchema,
  type WatchForUpdatesResponse,
} from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { ExecutionError_ErrorKind } from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { afterEach, beforeEach, expect, test } from "vitest";
import { finished, progressing, startController, type TestController, taskRequest } from "./harness.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { endedStatus, type MemoryCluster, memoryCluster, runningStatus } from "./memory-cluster.ts";

let clock: ManualClock;
let memory: MemoryCluster;
let controller: TestController;
const leaving: AbortController[] = [];

beforeEach(async () => {
  clock = manualClock();
  memory = await memoryCluster(clock);
  controller = await startController({ cluster: memory.cluster, clock });
});

afterEach(async () => {
  for (const leave of leaving.splice(0)) leave.abort();
  await controller.stop();
});

interface Watching {
  /** The next message: `x1 QUEUED`, or `sentinel`. */
  next(): Promise<string>;
  /** The next message's update itself. */
  update(): Promise<object>;
  /** Messages until one holds. */
  until(line: string): Promise<readonly string[]>;
}

function watch(action = "a0", project = "flytesnacks"): Watching {
  const leave = new AbortController();
  leaving.push(leave);
  const value = { run: { org: "o", project, domain: "development", name: "r1" }, name: action };
  const messages = controller.actions
    .watchForUpdates({ filter: { case: "parentActionId", value } }, { signal: leave.signal })
    [Symbol.asyncIterator]();
  const pull = async (): Promise<WatchForUpdatesResponse> => {
    const result: IteratorResult<WatchForUpdatesResponse, undefined> = await messages.next();
    if (result.done === true) throw new Error("the stream ended");
    return result.value;
  };
  const next = async (): Promise<string> => lineOf(await pull());
  return {
    next,
    update: async () => (await pull()).message.value ?? {},
    until: async (line) => {
      const lines = [await next()];
      while (lines.at(-1) !== line) lines.push(await next());
      return lines;
    },
  };
}

/** The next message, with the keep-alive interval passing once the stream has nothing more to say. */
async function afterSilence(stream: Watching): Promise<string> {
  const waiting = stream.next();
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(20_000);
  return await waiting;
}

function lineOf({ message }: WatchForUpdatesResponse): string {
  if (message.case === "controlMessage") return message.value.sentinel ? "sentinel" : "empty control message";
  if (message.case !== "actionUpdate") return "empty message";
  return `${message.value.actionId?.name ?? ""} ${ActionPhase[message.value.phase]}`;
}

async function enqueue(action: string, parent?: string, project = "flytesnacks"): Promise<void> {
  const { data } = controller;
  await controller.actions.enqueue(
    taskRequest({ data, action, project, outputs: [], ...(parent === undefined ? {} : { parent }) }),
  );
  await controller.action(`r1-${action}`, progressing("Queued"));
}

async function end(name: string, exitCode: number): Promise<void> {
  const pod = await memory.pod(`${name}-0`);
  await memory.setStatus(pod.metadata.name, endedStatus(pod, { exitCode, reason: "Error", message: "boom" }));
  await controller.action(
    name,
    ({ status }) =>
      status?.conditions?.some(({ type, status: truth }) => type !== "Progressing" && truth === "True") ?? false,
  );
}

test("a stream begins with the parent and its direct children, then one sentinel, then what changes [controller 26]", async () => {
  await enqueue("a0");
  await enqueue("x1", "a0");
  await enqueue("x2", "a0");
  const stream = watch();
  expect([await stream.next(), await stream.next(), await stream.next()].sort()).toEqual([
    "a0 QUEUED",
    "x1 QUEUED",
    "x2 QUEUED",
  ]);
  expect(await stream.next()).toBe("sentinel");
  const pod = await memory.pod("r1-x1-0");
  await memory.setStatus("r1-x1-0", runningStatus(pod, "2026-05-06T07:08:10Z"));
  expect(await stream.next()).toBe("x1 RUNNING");
});

test("grandchildren appear neither in the snapshot nor among the changes [controller 27]", async () => {
  await enqueue("a0");
  await enqueue("x1", "a0");
  await enqueue("y1", "x1");
  const stream = watch();
  expect([await stream.next(), await stream.next()].sort()).toEqual(["a0 QUEUED", "x1 QUEUED"]);
  expect(await stream.next()).toBe("sentinel");
  await end("r1-y1", 0);
  await end("r1-x1", 0);
  expect((await stream.until("x1 SUCCEEDED")).every((line) => line.startsWith("x1 "))).toBe(true);
});

test("a run of the same name in another project sees none of this one's updates [controller 28]", async () => {
  await enqueue("a0");
  const stream = watch("a0", "other");
  expect(await stream.next()).toBe("sentinel");
  await enqueue("x1", "a0");
  await end("r1-x1", 0);
  expect(await afterSilence(stream)).toBe("sentinel");
});

test("what changes before a stream's snapshot is read is in it or follows the sentinel [controller 29]", async () => {
  await enqueue("a0");
  const stream = watch();
  // Nothing is read yet: the stream has not even begun.
  await enqueue("x1", "a0");
  await end("r1-x1", 0);
  expect(await stream.until("x1 SUCCEEDED")).toContain("x1 SUCCEEDED");
});

test("a reader that pauses misses phases but not the end, and nothing older follows it [controller 30]", async () => {
  await enqueue("a0");
  await enqueue("x1", "a0");
  const stream = watch();
  await stream.until("sentinel");
  const pod = await memory.pod("r1-x1-0");
  for (const [at, state] of [
    "PodInitializing",
    "ContainerCreating",
    "ErrImagePull",
    "ContainerCreating",
    "PodInitializing",
  ].entries()) {
    const condition = {
      type: "Ready",
      status: "False",
      reason: "ContainersNotReady",
      message: String(at),
      lastTransitionTime: new Date(clock.now()).toISOString(),
    } as const;
    const waiting = { name: "x", ready: false, restartCount: 0, state: { waiting: { reason: state } } };
    await memory.setStatus("r1-x1-0", { phase: "Pending", conditions: [condition], containerStatuses: [waiting] });
    await controller.action("r1-x1", ({ status }) => status?.conditions?.[0]?.message.includes(`${at}|`) ?? false);
  }
  await memory.setStatus("r1-x1-0", runningStatus(pod, "2026-05-06T07:08:10Z"));
  await controller.action("r1-x1", progressing("Executing"));
  await end("r1-x1", 0);
  await controller.action("r1-x1", finished);
  const lines = [await stream.next()];
  while (lines.at(-1) !== "x1 SUCCEEDED") lines.push(await stream.next());
  expect(lines.length).toBeLessThan(7);
  const after = [await afterSilence(stream)];
  while (after.at(-1) !== "sentinel") after.push(await afterSilence(stream));
  expect(after.filter((line) => line !== "sentinel" && line !== "x1 SUCCEEDED")).toEqual([]);
});

test("a failure comes with code, kind and message, a success with the prefix of its attempt, both in later snapshots too [controller 31]", async () => {
  await enqueue("a0");
  await enqueue("bad", "a0");
  await enqueue("good", "a0");
  await end("r1-bad", 3);
  await end("r1-good", 0);
  const stream = watch();
  const updates = [await stream.update(), await stream.update(), await stream.update()];
  expect(updates).toContainEqual(
    expect.objectContaining({
      phase: ActionPhase.FAILED,
      error: expect.objectContaining({
        code: "Error",
        kind: ExecutionError_ErrorKind.USER,
        message: expect.stringContaining("boom") as string,
      }) as object,
    }),
  );
  expect(updates).toContainEqual(
    expect.objectContaining({ phase: ActionPhase.SUCCEEDED, outputUri: `${controller.data}/r1/good/1` }),
  );
});

test("deleting a running action shows it as aborted; deleting a finished one keeps its end [controller 32]", async () => {
  await enqueue("a0");
  await enqueue("x1", "a0");
  await enqueue("x2", "a0");
  await end("r1-x2", 0);
  await controller.action("r1-x2", finished);
  const stream = watch();
  await stream.until("sentinel");
  await memory.cluster.taskActions.delete("r1-x1");
  await memory.cluster.taskActions.delete("r1-x2");
  const lines = await stream.until("x1 ABORTED");
  while (!lines.includes("x2 SUCCEEDED")) (lines as string[]).push(await stream.next());
  expect(lines.filter((line) => line === "x2 ABORTED")).toEqual([]);
});

test("a watch that names no parent is refused [controller 34]", async () => {
  const stream = controller.actions.watchForUpdates(create(WatchForUpdatesRequestSchema), {
    signal: AbortSignal.timeout(5_000),
  });
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Code.InvalidArgument });
});

test("an idle stream repeats its sentinel", async () => {
  const stream = watch();
  expect(await stream.next()).toBe("sentinel");
  expect(await afterSilence(stream)).toBe("sentinel");
});
