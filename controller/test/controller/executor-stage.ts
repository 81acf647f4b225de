/** What the tests of the executor share: importing it starts a controller on a cluster in memory before each test. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encodeErrorDocument, type TaskAction, type TaskFailure } from "@flyte-dataplane/core";
import { afterEach, beforeEach } from "vitest";
import type { ContainerTerminated } from "../../src/cluster/pod-object.ts";
import { startController, type TaskRequest, type TestController, taskRequest } from "./harness.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { endedStatus, type MemoryCluster, memoryCluster } from "./memory-cluster.ts";

export let clock: ManualClock;
export let memory: MemoryCluster;
export let controller: TestController;

beforeEach(async () => {
  clock = manualClock(Date.now());
  memory = await memoryCluster(clock);
  controller = await startController({ cluster: memory.cluster, clock });
});

afterEach(async () => {
  await controller.stop();
});

export const enqueue = async (options: Partial<TaskRequest> = {}): Promise<void> => {
  await controller.actions.enqueue(taskRequest({ data: controller.data, ...options }));
};

export const inAttempt = (file: string, attempt = 1): string => join(controller.data, "r1/a0", String(attempt), file);

export async function leave(file: string, content: Uint8Array | string, attempt = 1): Promise<void> {
  const path = inAttempt(file, attempt);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

export async function end(name: string, ended: ContainerTerminated): Promise<void> {
  const pod = await memory.pod(name);
  await memory.setStatus(name, endedStatus(pod, ended));
}

export const failure = (settings: Partial<TaskFailure>): Uint8Array =>
  encodeErrorDocument({ code: "ValueError", message: "bad value", recoverable: true, origin: "user", ...settings });

/** Lets time pass in small steps until `holds`; real work, such as reading files, gets real time for it. */
export async function passTime(holds: () => Promise<boolean> | boolean, stepMs = 500): Promise<void> {
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

export const actionCalls = (): readonly string[] => memory.calls.filter((call) => /^(create|patch|delete) /.test(call));
export const action = async (): Promise<TaskAction> => await memory.cluster.taskActions.get("r1-a0");
