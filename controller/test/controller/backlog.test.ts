import { expect, onTestFinished, test, vi } from "vitest";
import { startController, taskRequest } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { memoryCluster } from "./memory-cluster.ts";

test("the figures tell how many actions are due and wait for a worker [runs 163]", async () => {
  const clock = manualClock(Date.now());
  const memory = await memoryCluster(clock);
  const controller = await startController({
    cluster: memory.cluster,
    clock,
    flags: { "executor.maxConcurrentReconciles": "1" },
  });
  onTestFinished(() => controller.stop());
  const backlog = async (): Promise<number> =>
    Number(/^controller_actions_due (\d+)$/m.exec(await controller.metrics.render())?.[1] ?? Number.NaN);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  memory.before = (call) => (call.startsWith("create Pod") ? held : undefined);
  // The only worker stands before the first Pod, whichever that is.
  for (const run of ["r1", "r2", "r3"]) await controller.actions.enqueue(taskRequest({ data: controller.data, run }));
  await vi.waitFor(async () => expect(await backlog()).toBe(2), { timeout: 20_000 });
  release();
  await vi.waitFor(async () => expect(await backlog()).toBe(0), { timeout: 20_000 });
  await memory.pod("r3-a0-0");
});
