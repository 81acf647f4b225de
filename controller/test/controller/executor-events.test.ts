import { timestampMs } from "@bufbuild/protobuf/wkt";
import { DataPlaneError, type TaskAction } from "@flyte-dataplane/core";
import { expect, test } from "vitest";
import { action, clock, controller, end, enqueue, memory, passTime } from "./executor-stage.ts";
import { finished, progressing } from "./harness.ts";
import { runningStatus } from "./memory-cluster.ts";
import { eventLines } from "./run-service.ts";

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
