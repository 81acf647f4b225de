import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DataPlaneError, isTerminal } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { afterEach, expect, test, vi } from "vitest";
import { finished, startController, type TestController, taskRequest } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { endedStatus, memoryCluster } from "./memory-cluster.ts";

let controller: TestController | undefined;

afterEach(async () => {
  await controller?.stop();
  controller = undefined;
});

test("how long an end waits for the events service is the operator's to say", async () => {
  const clock = manualClock();
  const memory = await memoryCluster(clock);
  controller = await startController({
    cluster: memory.cluster,
    clock,
    flags: { "executor.events.terminalLag": "1m" },
  });
  const { runs, actions, data } = controller;
  runs.before = (call) => {
    if (call.startsWith("events")) throw new DataPlaneError("unavailable", "down");
    return undefined;
  };
  await actions.enqueue(taskRequest({ data }));
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", endedStatus(pod, { exitCode: 1 }));
  const ended = async (): Promise<boolean> => isTerminal(await memory.cluster.taskActions.get("r1-a0"));
  const since = clock.now();
  while (!(await ended()) && clock.now() - since < 590_000) {
    for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1_000);
  }
  // Not before, and long before the ten minutes of the default.
  expect(clock.now() - since).toBeGreaterThan(55_000);
  expect(clock.now() - since).toBeLessThan(590_000);
  runs.before = () => undefined;
});

test("a task whose inputs cannot be read runs without the cache, also where its run computes afresh and takes turns", async () => {
  const clock = manualClock();
  const memory = await memoryCluster(clock);
  controller = await startController({ cluster: memory.cluster, clock });
  controller.cache.reservations = new Map();
  const request = taskRequest({
    data: controller.data,
    discoverable: true,
    serializable: true,
    runSpec: { overwriteCache: true },
  });
  const { action } = request;
  if (action?.spec.case !== "task") throw new Error("a task was asked for");
  const signature = action.spec.value.spec?.taskTemplate?.interface;
  if (signature === undefined) throw new Error("the task has no interface");
  signature.inputs = { $typeName: "flyteidl2.core.VariableMap", variables: [] };
  // A folder where the file should be.
  await mkdir(join(controller.data, "r1/a0/inputs.pb"), { recursive: true });
  await controller.actions.enqueue(request);
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", endedStatus(pod, { exitCode: 0 }));
  await controller.action("r1-a0", finished);
  const { updates } = controller.runs;
  await vi.waitFor(() => expect(updates.at(-1)?.status?.phase).toBe(ActionPhase.SUCCEEDED));
});
