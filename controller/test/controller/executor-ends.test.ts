import { readFile, stat } from "node:fs/promises";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { expect, test } from "vitest";
import { clock, controller, end, enqueue, failure, inAttempt, leave, memory, passTime } from "./executor-stage.ts";
import { finished } from "./harness.ts";
import { endedStatus } from "./memory-cluster.ts";
import { eventLines } from "./run-service.ts";

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

test("a task without declared outputs succeeds and leaves an empty file for its readers [copilot B54]", async () => {
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
