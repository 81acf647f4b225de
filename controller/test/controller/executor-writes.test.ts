import { DataPlaneError } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { expect, test, vi } from "vitest";
import { action, actionCalls, clock, controller, end, enqueue, memory, passTime } from "./executor-stage.ts";
import { finished, progressing } from "./harness.ts";
import { endedStatus, runningStatus } from "./memory-cluster.ts";
import { eventLines } from "./run-service.ts";

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

test("a Pod event that brings nothing new causes no write and no event [controller 53]", async () => {
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

/** Looks at actions so far, by what came of them. */
async function looks(): Promise<Readonly<Record<string, number>>> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const lines = (await controller.metrics.render()).matchAll(/^controller_passes_total\{result="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries(Array.from(lines, ([, result = "", count]) => [result, Number(count)]));
}

test("what we wrote ourselves, be it a status or a Pod, is no reason to look again [controller 54]", async () => {
  await enqueue();
  const pod = await memory.pod("r1-a0-0");
  await controller.action("r1-a0", progressing("Queued"));
  const { changed: before = 0, ...others } = await looks();
  expect(others).toEqual({});
  await memory.setStatus("r1-a0-0", runningStatus(pod, new Date(clock.now()).toISOString()));
  await controller.action("r1-a0", progressing("Executing"));
  expect(await looks()).toEqual({ changed: before + 1 });
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
