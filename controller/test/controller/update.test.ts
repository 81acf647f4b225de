import { Code } from "@connectrpc/connect";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { finished, progressing, startController, type TestController, taskRequest } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { endedStatus, type MemoryCluster, memoryCluster, runningStatus } from "./memory-cluster.ts";

let memory: MemoryCluster;
let controller: TestController;

beforeEach(async () => {
  const clock = manualClock();
  memory = await memoryCluster(clock);
  controller = await startController({ cluster: memory.cluster, clock });
});

afterEach(async () => {
  await controller.stop();
});

const actionId = { run: { org: "o", project: "flytesnacks", domain: "development", name: "r1" }, name: "a0" };
const update = async (attempt: number, cacheStatus: number): Promise<void> => {
  await controller.actions.update({ actionId, attempt, status: { attempts: attempt, cacheStatus } });
};

test("an update with a smaller attempt does not lower it; of an absent action it is not found [controller 36]", async () => {
  await expect(update(1, 1)).rejects.toMatchObject({ code: Code.NotFound });
  await controller.actions.enqueue(taskRequest({ data: controller.data, retries: 2 }));
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", endedStatus(pod, { exitCode: 1 }));
  await memory.pod("r1-a0-1");
  await controller.action(
    "r1-a0",
    (action) => progressing("Queued")(action) && action.status?.stateJson?.includes("Started") === true,
  );
  await update(1, 1);
  expect((await memory.cluster.taskActions.get("r1-a0")).status).toMatchObject({ attempts: 2, cacheStatus: 1 });
});

test("an ended action takes no update", async () => {
  await controller.actions.enqueue(taskRequest({ data: controller.data }));
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", endedStatus(pod, { exitCode: 0 }));
  const before = await controller.action("r1-a0", finished);
  await update(3, 4);
  expect((await memory.cluster.taskActions.get("r1-a0")).status).toEqual(before.status);
});

test("an update cannot move a running task to another attempt: its Pod stays, its cache status is taken", async () => {
  await controller.actions.enqueue(taskRequest({ data: controller.data, retries: 2 }));
  const pod = await memory.pod("r1-a0-0");
  await memory.setStatus("r1-a0-0", runningStatus(pod, "2026-05-06T07:08:10Z"));
  await controller.action("r1-a0", progressing("Executing"));
  await update(2, 4);
  expect((await memory.cluster.taskActions.get("r1-a0")).status).toMatchObject({ attempts: 1, cacheStatus: 4 });
  await memory.setStatus("r1-a0-0", endedStatus(pod, { exitCode: 0 }));
  expect((await controller.action("r1-a0", finished)).status?.attempts).toBe(1);
  expect(memory.calls.filter((call) => call.startsWith("create Pod"))).toEqual(["create Pod r1-a0-0"]);
  await vi.waitFor(() => expect(controller.runs.updates.at(-1)?.status?.phase).toBe(ActionPhase.SUCCEEDED));
});

test("an attempt beyond the last that the task may make is refused as malformed, however large", async () => {
  await controller.actions.enqueue(taskRequest({ data: controller.data, retries: 1 }));
  await controller.action("r1-a0", progressing("Queued"));
  for (const attempt of [3, 2 ** 31, 4_294_967_295])
    await expect(update(attempt, 0)).rejects.toMatchObject({ code: Code.InvalidArgument });
  expect((await memory.cluster.taskActions.get("r1-a0")).status?.attempts).toBe(1);
});
