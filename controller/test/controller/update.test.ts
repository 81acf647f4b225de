import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test } from "vitest";
import { finished, progressing, startController, type TestController, taskRequest } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { endedStatus, type MemoryCluster, memoryCluster } from "./memory-cluster.ts";

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
