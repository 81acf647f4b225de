import { archivedLogUri } from "@flyte-dataplane/core";
import { readObject } from "@flyte-dataplane/storage";
import { expect, test, vi } from "vitest";
import type { PodLogs } from "../../src/log-archive.ts";
import { finished, startController, taskRequest } from "./harness.ts";
import { manualClock } from "./manual-clock.ts";
import { endedStatus, memoryCluster } from "./memory-cluster.ts";

test("a stop while logs are archived keeps the Pod, so that the next process archives them", async () => {
  const clock = manualClock();
  const memory = await memoryCluster(clock);
  let reads = 0;
  const logs: PodLogs = {
    files: async () => [
      {
        container: "main",
        restart: 0,
        read: async function* ({ signal }) {
          reads += 1;
          yield Buffer.from("first line\n");
          // A store so slow that only the stop ends it.
          if (reads === 1) await clock.sleep(3_600_000, { signal });
          yield Buffer.from("last line\n");
        },
      },
    ],
  };
  const controller = await startController({ cluster: memory.cluster, clock, logs });
  try {
    await controller.actions.enqueue(taskRequest({ data: controller.data }));
    const pod = await memory.pod("r1-a0-0");
    await memory.setStatus("r1-a0-0", endedStatus(pod, { exitCode: 1 }));
    await vi.waitFor(() => expect(reads).toBe(1));
    await controller.restart(async () => {
      expect((await memory.cluster.pods.get("r1-a0-0")).metadata.deletionTimestamp).toBeUndefined();
    });
    await controller.action("r1-a0", finished);
    const uri = archivedLogUri(`${controller.data}/r1/a0/1`, "r1-a0-0", "main", 0);
    const stored = await readObject(controller.stores, uri, { maxBytes: 1_000, signal: AbortSignal.timeout(5_000) });
    expect(Buffer.from(stored).toString()).toBe("first line\nlast line\n");
    await vi.waitFor(async () =>
      expect(await memory.cluster.pods.get("r1-a0-0").catch(() => undefined)).toBeUndefined(),
    );
  } finally {
    await controller.stop();
  }
});
