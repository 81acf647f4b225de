import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { expect, test } from "vitest";
import { action, clock, controller, end, enqueue, memory, passTime } from "./executor-stage.ts";
import { finished, progressing } from "./harness.ts";
import { runningStatus } from "./memory-cluster.ts";

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
