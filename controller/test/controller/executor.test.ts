import { mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { DataPlaneError, encodeErrorDocument, type TaskAction, type TaskFailure } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ContainerTerminated } from "../../src/cluster/pod-object.ts";
import {
  finished,
  progressing,
  startController,
  type TaskRequest,
  type TestController,
  taskRequest,
} from "./harness.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { endedStatus, type MemoryCluster, memoryCluster, runningStatus } from "./memory-cluster.ts";
import { eventLines } from "./run-service.ts";

let clock: ManualClock;
let memory: MemoryCluster;
let controller: TestController;

beforeEach(async () => {
  clock = manualClock(Date.now());
  memory = await memoryCluster(clock);
  controller = await startController({ cluster: memory.cluster, clock });
});

afterEach(async () => {
  await controller.stop();
});

const enqueue = async (options: Partial<TaskRequest> = {}): Promise<void> => {
  await controller.actions.enqueue(taskRequest({ data: controller.data, ...options }));
};

const inAttempt = (file: string, attempt = 1): string => join(controller.data, "r1/a0", String(attempt), file);

async function leave(file: string, content: Uint8Array | string, attempt = 1): Promise<void> {
  const path = inAttempt(file, attempt);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

async function end(name: string, ended: ContainerTerminated): Promise<void> {
  const pod = await memory.pod(name);
  await memory.setStatus(name, endedStatus(pod, ended));
}

const failure = (settings: Partial<TaskFailure>): Uint8Array =>
  encodeErrorDocument({ code: "ValueError", message: "bad value", recoverable: true, origin: "user", ...settings });

/** Lets time pass in small steps until `holds`; real work, such as reading files, gets real time for it. */
async function passTime(holds: () => Promise<boolean> | boolean, stepMs = 500): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (await holds()) return;
    clock.advance(stepMs);
  }
  throw new Error(
    `time passed and nothing came of it: ${JSON.stringify((await action().catch(() => undefined))?.status)}`,
  );
}

const actionCalls = (): readonly string[] => memory.calls.filter((call) => /^(create|patch|delete) /.test(call));
const action = async (): Promise<TaskAction> => await memory.cluster.taskActions.get("r1-a0");

test("the finalizer is there before the Pod is asked for, and all of the first look takes three writes [controller 51,52]", async () => {
  await enqueue();
  const seen = await controller.action("r1-a0", progressing("Queued"));
  await vi.waitFor(() => expect(controller.runs.events.length).toBeGreaterThan(0));
  const own = actionCalls().filter((call) => !call.startsWith("create TaskAction"));
  expect(own.slice(0, 3)).toEqual(["patch TaskAction r1-a0", "create Pod r1-a0-0", "patch TaskAction r1-a0 status"]);
  expect(seen.metadata.finalizers).toEqual(["flyte.org/plugin-finalizer"]);
  expect(eventLines(controller.runs.events)[0]).toBe("1 QUEUED v0");
  expect(seen.status?.phaseHistory?.[0]).toMatchObject({ phase: "Queued", message: "task submitted to K8s" });
});

test("a Pod event that brings nothing new causes no write and no event, nor does our own status [controller 53,54]", async () => {
  await enqueue();
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", runningStatus(pod, new Date(clock.now()).toISOString()));
  await controller.action("r1-a0", progressing("Executing"));
  await vi.waitFor(() => expect(controller.runs.calls).toContain("update r1-a0 RUNNING"));
  const calls = memory.calls.length;
  const events = controller.runs.events.length;
  const started = new Date(clock.now()).toISOString();
  await memory.setStatus("r1-a0-0", { ...runningStatus(pod, started), podIP: "10.0.0.1" });
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(memory.calls.slice(calls)).toEqual([]);
  expect(controller.runs.events.length).toBe(events);
});

test("a running Pod is reported as running from version 1, with the place of its logs [controller 55]", async () => {
  await enqueue();
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", runningStatus(pod, new Date(clock.now()).toISOString()));
  await controller.action("r1-a0", progressing("Executing"));
  await vi.waitFor(() => expect(eventLines(controller.runs.events)).toContain("1 RUNNING v1"));
  const event = controller.runs.events.find(({ phase }) => phase === ActionPhase.RUNNING);
  expect(event?.logContext).toMatchObject({
    primaryPodName: "r1-a0-0",
    pods: [{ namespace: "flyte", podName: "r1-a0-0", primaryContainerName: "r1-a0-0" }],
  });
});

test("a success ends the action with its event, both labels and no finalizer, its outputs untouched [controller 56,57]", async () => {
  await enqueue({ outputs: ["o"] });
  const bytes = Buffer.from([10, 5, 10, 1, 111, 18, 0, 26, 0]);
  await leave("outputs.pb", bytes);
  await end("r1-a0-0", { exitCode: 0 });
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status?.conditions).toMatchObject([
    { type: "Progressing", status: "False" },
    { type: "Succeeded", status: "True", reason: "Completed" },
  ]);
  expect(ended.metadata.labels?.["flyte.org/completed-time"]).toMatch(/^\d{4}-\d\d-\d\d\.\d\d-\d\d$/);
  expect(ended.metadata.finalizers ?? []).toEqual([]);
  expect(controller.runs.events.at(-1)).toMatchObject({
    phase: ActionPhase.SUCCEEDED,
    outputs: { outputUri: inAttempt("outputs.pb") },
  });
  expect(await readFile(inAttempt("outputs.pb"))).toEqual(bytes);
});

test("a task without declared outputs succeeds and leaves an empty file for its readers", async () => {
  await enqueue();
  await end("r1-a0-0", { exitCode: 0 });
  await controller.action("r1-a0", finished);
  expect((await stat(inAttempt("outputs.pb"))).size).toBe(0);
});

test("a recoverable error document after exit 0 is another attempt's occasion [controller 58]", async () => {
  await enqueue({ retries: 1 });
  await leave("error.pb", failure({ recoverable: true }));
  await end("r1-a0-0", { exitCode: 0 });
  const second = await memory.pod("r1-a0-1");
  expect(second.metadata.labels?.["attempt"]).toBe("2");
});

test("an error document that forbids retries ends the action with its own code and message [controller 58]", async () => {
  await enqueue({ retries: 5 });
  await leave("error.pb", failure({ recoverable: false }));
  await end("r1-a0-0", { exitCode: 0 });
  expect((await controller.action("r1-a0", finished)).status).toMatchObject({
    attempts: 1,
    errorState: { code: "ValueError", message: "bad value", kind: "USER" },
  });
});

test("the task's own account holds also where its container exited with 1 [controller 59,X17]", async () => {
  await enqueue({ retries: 5 });
  await leave("error.pb", failure({ recoverable: false }));
  await end("r1-a0-0", { exitCode: 1, reason: "Error" });
  expect((await controller.action("r1-a0", finished)).status).toMatchObject({
    attempts: 1,
    errorState: { code: "ValueError" },
  });
});

test("exit 1 with two retries makes three Pods, each ended attempt reported, and fails with the last error [controller 60,61,X4]", async () => {
  await enqueue({ retries: 2 });
  for (const attempt of [0, 1, 2])
    await end(`r1-a0-${attempt}`, { exitCode: 1, reason: "Error", message: `try ${attempt}` });
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status).toMatchObject({
    attempts: 3,
    errorState: { code: "Error", kind: "USER", message: expect.stringContaining("try 2") as string },
  });
  const lines = eventLines(controller.runs.events);
  expect(lines.filter((line) => line.includes("FAILED"))).toEqual(["1 FAILED v0", "2 FAILED v0", "3 FAILED v0"]);
  expect(lines.indexOf("2 QUEUED v0")).toBe(lines.indexOf("1 FAILED v0") + 1);
  const failed = controller.runs.events.filter(({ phase }) => phase === ActionPhase.FAILED);
  expect(failed.map(({ errorInfo }) => errorInfo?.message.includes("try"))).toEqual([true, true, true]);
  expect(failed.every(({ logContext }) => logContext !== undefined)).toBe(true);
});

test("a killed container is launched again in the same attempt, once its Pod is really gone [controller 62]", async () => {
  await enqueue();
  const first = await memory.pod("r1-a0-0");
  // A sidecar still stops, so that the Pod outlives its main container.
  await memory.setStatus("r1-a0-0", { ...endedStatus(first, { exitCode: 137, reason: "Error" }), phase: "Running" });
  await passTime(async () => (await memory.pod("r1-a0-0")).metadata.deletionTimestamp !== undefined);
  clock.advance(10_000);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect((await memory.pod("r1-a0-0")).metadata.uid).toBe(first.metadata.uid);
  await memory.stopped("r1-a0-0");
  await passTime(
    async () =>
      ((await memory.cluster.pods.get("r1-a0-0").catch(() => first)).metadata.uid ?? "") !== first.metadata.uid,
  );
  expect((await memory.pod("r1-a0-0")).metadata.labels?.["attempt"]).toBe("1");
  expect((await action()).status).toMatchObject({ attempts: 1, systemFailures: 1 });
});

test("running out of memory is the task's own failure, also in a Pod that counts as succeeded [controller 63]", async () => {
  await enqueue();
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", {
    ...endedStatus(pod, { exitCode: 137, reason: "OOMKilled" }),
    phase: "Succeeded",
  });
  expect((await controller.action("r1-a0", finished)).status).toMatchObject({
    errorState: { code: "OOMKilled", kind: "USER" },
  });
});

async function lose(times: number): Promise<void> {
  for (let loss = 0; loss < times; loss += 1) {
    let uid = "";
    await passTime(async () => {
      const pod = await memory.cluster.pods.get("r1-a0-0").catch(() => undefined);
      uid = pod?.metadata.uid ?? "";
      const followed =
        JSON.stringify((await action()).status ?? {}).includes(`\\"podUid\\":\\"${uid}\\"`) &&
        JSON.stringify((await action()).status).includes("Started");
      return pod !== undefined && followed;
    });
    await memory.vanish("r1-a0-0");
    await passTime(
      async () => !JSON.stringify((await action()).status).includes("Started") || finished(await action()),
    );
  }
}

test("four losses in a row are too many, and a Pod that always vanishes does not loop for ever [controller 64,65]", async () => {
  await enqueue();
  await lose(4);
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status).toMatchObject({
    attempts: 1,
    errorState: { code: "MaxSystemFailuresExceeded", kind: "SYSTEM" },
  });
  expect(memory.calls.filter((call) => call === "create Pod r1-a0-0")).toHaveLength(4);
});

test("three losses and then a success are a success [controller 64]", async () => {
  await enqueue();
  await lose(3);
  await passTime(async () => (await memory.cluster.pods.get("r1-a0-0").catch(() => undefined)) !== undefined);
  await end("r1-a0-0", { exitCode: 0 });
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Succeeded", status: "True" });
});

test("a new launch starts without the files that the lost one left [controller 66]", async () => {
  await enqueue({ outputs: ["o"] });
  await memory.pod("r1-a0-0");
  await controller.action("r1-a0", progressing("Queued"));
  await leave("error.pb", failure({ recoverable: true, origin: "system" }));
  await end("r1-a0-0", { exitCode: 0 });
  await passTime(() => memory.calls.filter((call) => call === "create Pod r1-a0-0").length === 2);
  await expect(stat(inAttempt("error.pb"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("outputs that a vanished Pod left are its success [controller 67,X18]", async () => {
  await enqueue({ outputs: ["o"] });
  await memory.pod("r1-a0-0");
  await controller.action("r1-a0", progressing("Queued"));
  await leave("outputs.pb", "");
  await controller.restart(() => memory.vanish("r1-a0-0"));
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Succeeded", status: "True" });
});

test("outputs older than the Pod are another's and rescue nothing", async () => {
  await enqueue({ outputs: ["o"] });
  await memory.pod("r1-a0-0");
  await controller.action("r1-a0", progressing("Queued"));
  await leave("outputs.pb", "");
  const old = clock.now() / 1000 - 3_600;
  await utimes(inAttempt("outputs.pb"), old, old);
  await controller.restart(() => memory.vanish("r1-a0-0"));
  await passTime(async () => (await action()).status?.systemFailures === 1);
});

test.each([{ answer: "invalid_argument", code: "InvalidResource", kind: "USER" }] as const)(
  "a Pod refused as $answer fails the action for good",
  async ({ answer, code, kind }) => {
    memory.before = (call) => {
      if (call.startsWith("create Pod")) throw new DataPlaneError(answer, "create Pod: no");
    };
    await enqueue({ retries: 3 });
    expect((await controller.action("r1-a0", finished)).status).toMatchObject({
      attempts: 1,
      errorState: { code, kind },
    });
  },
);

test("a Pod over quota waits for room, says so, and costs no retry [controller X9]", async () => {
  let full = true;
  memory.before = (call) => {
    if (full && call.startsWith("create Pod")) throw new DataPlaneError("resource_exhausted", "exceeded quota: pods");
  };
  await enqueue();
  await controller.action("r1-a0", ({ status }) => status?.pluginPhase === "PhaseWaitingForResources");
  await vi.waitFor(() => expect(controller.runs.events.at(-1)?.phase).toBe(ActionPhase.WAITING_FOR_RESOURCES));
  expect(controller.runs.events.at(-1)?.clusterEvents[0]?.message).toContain("exceeded quota: pods");
  full = false;
  await passTime(async () => (await memory.cluster.pods.get("r1-a0-0").catch(() => undefined)) !== undefined);
  expect((await action()).status?.attempts).toBe(1);
});

test("a cluster that cannot be reached for a while fails nothing", async () => {
  let down = true;
  memory.before = (call) => {
    if (down && call.startsWith("create Pod")) throw new DataPlaneError("unavailable", "down");
  };
  await enqueue();
  const until = clock.now() + 100_000;
  await passTime(() => clock.now() > until);
  down = false;
  await passTime(async () => (await memory.cluster.pods.get("r1-a0-0").catch(() => undefined)) !== undefined);
  expect((await action()).status?.systemFailures ?? 0).toBe(0);
});

test("a Pod of the same name that another action left is removed before ours is made", async () => {
  const other = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "r1-a0-0", labels: { "flyte.org/managed": "true" } },
    spec: { containers: [{ name: "c" }] },
  } as const;
  const foreign = await memory.cluster.pods.create(other);
  await enqueue();
  await memory.stopped("r1-a0-0");
  await passTime(
    async () =>
      ((await memory.cluster.pods.get("r1-a0-0").catch(() => foreign)).metadata.uid ?? "") !== foreign.metadata.uid,
  );
  await controller.action("r1-a0", progressing("Queued"));
});

test("a status written by someone else in between is not lost: the look is repeated [controller 73]", async () => {
  let once = true;
  memory.before = async (call) => {
    if (!once || call !== "patch TaskAction r1-a0 status") return;
    once = false;
    await memory.cluster.taskActions.patch("r1-a0", { metadata: { labels: { hand: "made" } } });
  };
  await enqueue();
  const seen = await controller.action("r1-a0", progressing("Queued"));
  expect(seen.metadata.labels).toMatchObject({ hand: "made" });
});

test("unknown status fields survive what we write [controller 5]", async () => {
  await enqueue();
  await controller.action("r1-a0", progressing("Queued"));
  await memory.cluster.taskActions.patch(
    "r1-a0",
    { status: { timeoutAt: "2027-01-01T00:00:00Z" } },
    { subresource: "status" },
  );
  await end("r1-a0-0", { exitCode: 0 });
  expect((await controller.action("r1-a0", finished)).status).toMatchObject({ timeoutAt: "2027-01-01T00:00:00Z" });
});

test("what has ended stays as it ended, whatever becomes of its Pod [controller 74]", async () => {
  await enqueue();
  await end("r1-a0-0", { exitCode: 0 });
  const before = await controller.action(
    "r1-a0",
    (now) => finished(now) && now.metadata.labels?.["flyte.org/terminal-status-recorded"] === "true",
  );
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", { ...endedStatus(pod, { exitCode: 1 }), phase: "Failed" });
  await controller.restart();
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(await action()).toEqual(before);
});

test("a task's running time limit ends the attempt at that time; the last one times the action out [controller 75]", async () => {
  await enqueue({ timeoutSeconds: 10, retries: 1 });
  for (const attempt of [0, 1]) {
    const pod = await memory.pod(`r1-a0-${attempt}`);
    const startedMs = clock.now();
    await memory.setStatus(`r1-a0-${attempt}`, runningStatus(pod, new Date(startedMs).toISOString()));
    await controller.action("r1-a0", progressing("Executing"));
    await passTime(async () => (await memory.pod(`r1-a0-${attempt}`)).metadata.deletionTimestamp !== undefined);
    expect(clock.now() - startedMs).toBeGreaterThanOrEqual(10_000);
    expect(clock.now() - startedMs).toBeLessThanOrEqual(11_000);
  }
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status).toMatchObject({ attempts: 2, errorState: { code: "TaskTimedOut" } });
  expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Failed", reason: "TimedOut" });
  expect(controller.runs.events.at(-1)?.phase).toBe(ActionPhase.TIMED_OUT);
});

test("deletion of an action that we never touched is none of our business [controller 80]", async () => {
  memory.before = (call) => {
    if (call.startsWith("patch TaskAction")) throw new DataPlaneError("unavailable", "down");
  };
  await enqueue();
  await memory.cluster.taskActions.delete("r1-a0");
  memory.before = () => undefined;
  const calls = memory.calls.length;
  await passTime(() => controller.runs.calls.includes("update r1-a0 ABORTED"));
  expect(memory.calls.slice(calls).filter((call) => /^(create|patch|delete)/.test(call))).toEqual([]);
  expect(controller.runs.events).toEqual([]);
});

test("a cached result ends the action without a Pod, its outputs in its own place [controller 86,87]", async () => {
  await enqueue({ discoverable: true, outputs: ["o"] });
  await leave("outputs.pb", "cached");
  await end("r1-a0-0", { exitCode: 0 });
  const first = await controller.action("r1-a0", finished);
  expect(first.status?.cacheStatus).toBe(3);
  await enqueue({ run: "r2", discoverable: true, outputs: ["o"] });
  const second = await controller.action("r2-a0", finished);
  expect(second.status?.cacheStatus).toBe(2);
  expect(await readFile(join(controller.data, "r2/a0/1/outputs.pb"), "utf8")).toBe("cached");
  expect(memory.calls).not.toContain("create Pod r2-a0-0");
  expect(controller.runs.events.at(-1)).toMatchObject({ phase: ActionPhase.SUCCEEDED, cacheStatus: 2 });
});

test("a cache that fails at lookup lets the task run; one that has the entry already counts as filled [controller 87]", async () => {
  controller.cache.before = (call) => {
    if (call === "get") throw new DataPlaneError("unavailable", "down");
  };
  await enqueue({ discoverable: true });
  await end("r1-a0-0", { exitCode: 0 });
  expect((await controller.action("r1-a0", finished)).status?.cacheStatus).toBe(3);
  await enqueue({ run: "r2", discoverable: true });
  await end("r2-a0-0", { exitCode: 0 });
  expect((await controller.action("r2-a0", finished)).status?.cacheStatus).toBe(3);
});

test("a cache that cannot be filled does not fail the task [controller 87]", async () => {
  controller.cache.before = (call) => {
    if (call === "put") throw new DataPlaneError("unavailable", "down");
  };
  await enqueue({ discoverable: true });
  await end("r1-a0-0", { exitCode: 0 });
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status?.cacheStatus).toBe(5);
  expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Succeeded", status: "True" });
});

test("nothing is looked up once the Pod exists [controller 90]", async () => {
  await enqueue({ discoverable: true });
  const pod = await memory.pod("r1-a0-0");
  await controller.action("r1-a0", progressing("Queued"));
  await memory.setStatus("r1-a0-0", runningStatus(pod, new Date(clock.now()).toISOString()));
  await controller.action("r1-a0", progressing("Executing"));
  await controller.restart();
  await end("r1-a0-0", { exitCode: 0 });
  await controller.action("r1-a0", finished);
  expect(controller.cache.calls).toEqual(["get", "put"]);
});

test("an entry whose outputs are gone is a miss, and is replaced by the next success", async () => {
  await enqueue({ discoverable: true });
  await end("r1-a0-0", { exitCode: 0 });
  await controller.action("r1-a0", finished);
  for (const entry of controller.cache.entries.values())
    entry.output = { case: "outputUri", value: join(controller.data, "gone/outputs.pb") };
  await enqueue({ run: "r2", discoverable: true });
  await end("r2-a0-0", { exitCode: 0 });
  await controller.action("r2-a0", finished);
  expect([...controller.cache.entries.values()].map(({ output }) => output.value)).toEqual([
    join(controller.data, "r2/a0/1/outputs.pb"),
  ]);
});

test("a failure deletes its Pod at once; a success does while a sidecar runs on [controller 108,109]", async () => {
  await enqueue();
  await end("r1-a0-0", { exitCode: 1 });
  await controller.action("r1-a0", finished);
  await expect(memory.cluster.pods.get("r1-a0-0")).rejects.toMatchObject({ code: "not_found" });
  await enqueue({ run: "r2" });
  const pod = await memory.pod("r2-a0-0");
  await memory.setStatus("r2-a0-0", { ...endedStatus(pod, { exitCode: 0 }), phase: "Running" });
  const succeeded = await controller.action("r2-a0", finished);
  expect(succeeded.status?.conditions?.at(-1)).toMatchObject({ type: "Succeeded", status: "True" });
  expect((await memory.pod("r2-a0-0")).metadata.deletionTimestamp).toBeDefined();
});

test("an unknown task type with a container runs like any other [controller 50]", async () => {
  await enqueue({ type: "something-new" });
  await memory.pod("r1-a0-0");
});

test("a type whose plugin is absent fails once, by name, without a Pod", async () => {
  await enqueue({ type: "spark", retries: 5 });
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status).toMatchObject({
    attempts: 1,
    errorState: { kind: "USER", message: expect.stringContaining('"spark"') as string },
  });
  expect(memory.calls).not.toContain("create Pod r1-a0-0");
});

test("an action that lacks what it needs fails at once, naming it, without finalizer or Pod [controller 49]", async () => {
  await memory.cluster.taskActions.create({
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: { name: "r1-a0" },
    spec: {
      runName: "r1",
      project: "flytesnacks",
      domain: "development",
      actionName: "a0",
      runOutputBase: controller.data,
    },
  });
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Failed", reason: "InvalidSpec" });
  expect(ended.status?.errorState).toMatchObject({ code: "InvalidSpec", kind: "USER" });
  for (const field of ["taskType", "taskTemplate", "inputUri"])
    expect(ended.status?.errorState?.message).toContain(field);
  expect(ended.metadata.finalizers ?? []).toEqual([]);
  expect(memory.calls).not.toContain("create Pod r1-a0-0");
  expect(eventLines(controller.runs.events)).toEqual(["1 FAILED v0"]);
});

test("retries wait as the template says, also across a restart of the controller [controller 68,X5]", async () => {
  await enqueue({ retries: 3, backoff: { base: { seconds: 2n }, factor: 2, cap: { seconds: 5n } } });
  const delays: number[] = [];
  for (const attempt of [0, 1, 2]) {
    await end(`r1-a0-${attempt}`, { exitCode: 1 });
    await controller.action("r1-a0", ({ status }) => status?.attempts === attempt + 2);
    const failedMs = clock.now();
    await controller.restart();
    await passTime(
      async () => (await memory.cluster.pods.get(`r1-a0-${attempt + 1}`).catch(() => undefined)) !== undefined,
      100,
    );
    delays.push(clock.now() - failedMs);
  }
  for (const [at, atLeast] of [2_000, 4_000, 5_000].entries()) {
    expect(delays[at]).toBeGreaterThanOrEqual(atLeast);
    expect(delays[at]).toBeLessThanOrEqual(atLeast + 300);
  }
});

test.each([
  { limit: "queuedTimeout", code: "QueuedTimedOut" },
  { limit: "deadline", code: "DeadlineExceeded" },
] as const)(
  "a $limit that passes times the action out, whatever retries remain [controller 76]",
  async ({ limit, code }) => {
    await enqueue({ retries: 3, timeouts: { [limit]: { seconds: 30n } } });
    const pod = await memory.pod("r1-a0-0");
    if (limit === "deadline") {
      await memory.setStatus("r1-a0-0", runningStatus(pod, new Date(clock.now()).toISOString()));
      await controller.action("r1-a0", progressing("Executing"));
    }
    const since = clock.now();
    await passTime(async () => finished(await action()));
    expect(clock.now() - since).toBeLessThanOrEqual(31_000);
    const ended = await action();
    expect(ended.status).toMatchObject({ attempts: 1, errorState: { code } });
    expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Failed", reason: "TimedOut" });
    expect(controller.runs.events.at(-1)?.phase).toBe(ActionPhase.TIMED_OUT);
    expect((await memory.pod("r1-a0-0")).metadata.deletionTimestamp).toBeDefined();
  },
);

test("outputs over the limit fail the task with both sizes; outputs that never come are looked for three times [controller X16]", async () => {
  await enqueue({ outputs: ["o"] });
  await memory.pod("r1-a0-0");
  await leave("outputs.pb", Buffer.alloc(10 * 1024 * 1024 + 1));
  await end("r1-a0-0", { exitCode: 0 });
  expect((await controller.action("r1-a0", finished)).status?.errorState).toMatchObject({
    code: "OutputsTooLarge",
    message: expect.stringMatching(/10485761.*10485760/) as string,
  });
  await enqueue({ run: "r2", outputs: ["o"] });
  await end("r2-a0-0", { exitCode: 0 });
  const since = clock.now();
  await passTime(async () => finished(await memory.cluster.taskActions.get("r2-a0")));
  expect(clock.now() - since).toBeGreaterThanOrEqual(5_000);
  expect((await memory.cluster.taskActions.get("r2-a0")).status?.errorState).toMatchObject({
    code: "OutputsNotFound",
    kind: "USER",
  });
});

test("ten mebibytes of outputs are accepted unread [controller X16]", async () => {
  await enqueue({ outputs: ["o"] });
  await memory.pod("r1-a0-0");
  await leave("outputs.pb", Buffer.alloc(10 * 1024 * 1024, 0xff));
  await end("r1-a0-0", { exitCode: 0 });
  expect((await controller.action("r1-a0", finished)).status?.conditions?.at(-1)).toMatchObject({
    type: "Succeeded",
    status: "True",
  });
});

test("with the events service away a running task is tracked, and its end is told afterwards, once and in order [controller 97]", async () => {
  controller.runs.before = (call) => {
    if (call.startsWith("events")) throw new DataPlaneError("unavailable", "down");
    return undefined;
  };
  await enqueue();
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", runningStatus(pod, new Date(clock.now()).toISOString()));
  await controller.action("r1-a0", progressing("Executing"));
  await end("r1-a0-0", { exitCode: 0 });
  const backAt = clock.now() + 300_000;
  await passTime(() => clock.now() >= backAt);
  expect(finished(await action())).toBe(false);
  controller.runs.before = () => undefined;
  await passTime(async () => finished(await action()));
  const lines = eventLines(controller.runs.events);
  expect(lines.at(-1)).toBe("1 SUCCEEDED v0");
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.indexOf("1 QUEUED v0")).toBeLessThan(lines.indexOf("1 RUNNING v1"));
});

test("after ten minutes without the events service the end is stored all the same, and still told later", async () => {
  controller.runs.before = (call) => {
    if (call.startsWith("events")) throw new DataPlaneError("unavailable", "down");
    return undefined;
  };
  await enqueue();
  await end("r1-a0-0", { exitCode: 0 });
  const ended = ({ status }: TaskAction): boolean =>
    status?.conditions?.some(({ type, status: truth }) => type === "Succeeded" && truth === "True") ?? false;
  await passTime(async () => ended(await action()), 5_000);
  expect(finished(await action())).toBe(false);
  expect((await action()).status?.stateJson).toContain('"eventPending":true');
  await controller.restart();
  controller.runs.before = () => undefined;
  await passTime(async () => finished(await action()));
  expect(eventLines(controller.runs.events).at(-1)).toBe("1 SUCCEEDED v0");
});

test("every event says whose it is, which attempt, and when, and an attempt's times never go back [controller 93]", async () => {
  await enqueue({ retries: 1 });
  for (const attempt of [0, 1]) {
    const pod = await memory.pod(`r1-a0-${attempt}`);
    clock.advance(1_000);
    await memory.setStatus(`r1-a0-${attempt}`, runningStatus(pod, new Date(clock.now()).toISOString()));
    await controller.action("r1-a0", progressing("Executing"));
    clock.advance(1_000);
    await end(`r1-a0-${attempt}`, { exitCode: 1 });
    if (attempt === 0) await controller.action("r1-a0", ({ status }) => status?.attempts === 2);
  }
  await controller.action("r1-a0", finished);
  const last = new Map<number, number>();
  for (const { id, attempt, reportedTime, updatedTime } of controller.runs.events) {
    expect(id).toMatchObject({ name: "a0", run: { project: "flytesnacks", domain: "development", name: "r1" } });
    expect(attempt).toBeGreaterThanOrEqual(1);
    expect(reportedTime).toBeDefined();
    const updatedMs = updatedTime === undefined ? 0 : timestampMs(updatedTime);
    expect(updatedMs).toBeGreaterThanOrEqual(last.get(attempt) ?? 1);
    last.set(attempt, updatedMs);
  }
  expect([...last.keys()]).toEqual([1, 2]);
});

test("while another fills the cache an action waits without a Pod, and runs once that one lets go [controller 88]", async () => {
  controller.cache.reservations = new Map();
  await enqueue({ discoverable: true, serializable: true });
  await memory.pod("r1-a0-0");
  await enqueue({ run: "r2", discoverable: true, serializable: true });
  const waiting = await controller.action("r2-a0", ({ status }) => status?.pluginPhase === "PhaseWaitingForCache");
  expect(waiting.status).toMatchObject({
    cacheStatus: 1,
    conditions: [{ reason: "Queued", message: expect.stringContaining("flyte/r1-a0") as string }],
  });
  expect(memory.calls).not.toContain("create Pod r2-a0-0");
  await end("r1-a0-0", { exitCode: 1 });
  await controller.action("r1-a0", finished);
  await passTime(() => memory.calls.includes("create Pod r2-a0-0"));
});

test("one that waited for the cache takes what was put there instead of running [controller 88]", async () => {
  controller.cache.reservations = new Map();
  await enqueue({ discoverable: true, serializable: true });
  await memory.pod("r1-a0-0");
  await enqueue({ run: "r2", discoverable: true, serializable: true });
  await controller.action("r2-a0", ({ status }) => status?.pluginPhase === "PhaseWaitingForCache");
  await end("r1-a0-0", { exitCode: 0 });
  await passTime(async () => finished(await memory.cluster.taskActions.get("r2-a0")));
  expect((await memory.cluster.taskActions.get("r2-a0")).status?.cacheStatus).toBe(2);
  expect(memory.calls).not.toContain("create Pod r2-a0-0");
});

test("a reservation is kept while the Pod runs and given back at every kind of end [controller 89]", async () => {
  const reservations = new Map<string, string>();
  controller.cache.reservations = reservations;
  for (const [run, exitCode] of [
    ["r1", 0],
    ["r2", 1],
    ["r3", undefined],
  ] as const) {
    controller.cache.entries.clear();
    await enqueue({ run, discoverable: true, serializable: true });
    const pod = await memory.pod(`${run}-a0-0`);
    await memory.setStatus(`${run}-a0-0`, runningStatus(pod, new Date(clock.now()).toISOString()));
    await controller.action(`${run}-a0`, progressing("Executing"));
    expect([...reservations.values()]).toEqual([`flyte/${run}-a0`]);
    controller.cache.calls.length = 0;
    const until = clock.now() + 60_000;
    let extended = 0;
    while (clock.now() < until) {
      clock.advance(5_000);
      await vi.waitFor(
        () => expect(controller.cache.calls.filter((call) => call === "reserve").length).toBeGreaterThan(extended),
        { interval: 1 },
      );
      extended = controller.cache.calls.filter((call) => call === "reserve").length;
    }
    if (exitCode === undefined) await memory.cluster.taskActions.delete(`${run}-a0`);
    else await end(`${run}-a0-0`, { exitCode });
    await vi.waitFor(() => expect(reservations.size).toBe(0));
  }
});

test("the time of completion is the end's own, in whole UTC minutes, also when it is written late [controller 92]", async () => {
  await enqueue();
  await end("r1-a0-0", { exitCode: 0 });
  memory.before = (call) => {
    if (call === "patch TaskAction r1-a0") throw new DataPlaneError("unavailable", "down");
  };
  const ended = await controller.action(
    "r1-a0",
    ({ status }) => status?.conditions?.some(({ type }) => type === "Succeeded") ?? false,
  );
  await controller.restart(async () => {
    clock.advance(3_600_000);
    memory.before = () => undefined;
  });
  const labelled = await controller.action("r1-a0", finished);
  const [date = "", time = ""] = (ended.status?.conditions?.at(-1)?.lastTransitionTime ?? "").split("T");
  expect(labelled.metadata.labels?.["flyte.org/completed-time"]).toBe(`${date}.${time.slice(0, 5).replace(":", "-")}`);
});
