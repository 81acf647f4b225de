import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { expect, test, vi } from "vitest";
import { clock, controller, end, enqueue, leave, memory, passTime } from "./executor-stage.ts";
import { finished, progressing } from "./harness.ts";
import { runningStatus } from "./memory-cluster.ts";

test("a cached result ends the action without a Pod, its outputs in its own place [controller 86,87]", async () => {
  await enqueue({ discoverable: true, outputs: ["o"] });
  await leave("outputs.pb", "cached");
  await end("r1-a0-0", { exitCode: 0 });
  const first = await controller.action("r1-a0", finished);
  expect(first.status?.cacheStatus).toBe(3);
  await enqueue({ run: "r2", discoverable: true, outputs: ["o"] });
  const second = await controller.action("r2-a0", finished);
  expect(second.status?.cacheStatus).toBe(2);
  expect(await readFile(join(controller.data, "r2/a0/1/outputs.pb"), "utf8")).toBe("cached");
  expect(memory.calls).not.toContain("create Pod r2-a0-0");
  expect(controller.runs.events.at(-1)).toMatchObject({ phase: ActionPhase.SUCCEEDED, cacheStatus: 2 });
});

test("a cache that fails at lookup lets the task run; one that has the entry already counts as filled [controller 87]", async () => {
  controller.cache.before = (call) => {
    if (call === "get") throw new DataPlaneError("unavailable", "down");
  };
  await enqueue({ discoverable: true });
  await end("r1-a0-0", { exitCode: 0 });
  expect((await controller.action("r1-a0", finished)).status?.cacheStatus).toBe(3);
  await enqueue({ run: "r2", discoverable: true });
  await end("r2-a0-0", { exitCode: 0 });
  expect((await controller.action("r2-a0", finished)).status?.cacheStatus).toBe(3);
});

test("a cache that cannot be filled does not fail the task [controller 87]", async () => {
  controller.cache.before = (call) => {
    if (call === "put") throw new DataPlaneError("unavailable", "down");
  };
  await enqueue({ discoverable: true });
  await end("r1-a0-0", { exitCode: 0 });
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status?.cacheStatus).toBe(5);
  expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Succeeded", status: "True" });
});

test("nothing is looked up once the Pod exists [controller 90]", async () => {
  await enqueue({ discoverable: true });
  const pod = await memory.pod("r1-a0-0");
  await controller.action("r1-a0", progressing("Queued"));
  await memory.setStatus("r1-a0-0", runningStatus(pod, new Date(clock.now()).toISOString()));
  await controller.action("r1-a0", progressing("Executing"));
  await controller.restart();
  await end("r1-a0-0", { exitCode: 0 });
  await controller.action("r1-a0", finished);
  expect(controller.cache.calls).toEqual(["get", "put"]);
});

test("a Pod that a stopped controller left without a word of it is found, and nothing is looked up for it [controller 90]", async () => {
  memory.before = (call) => {
    if (call === "patch TaskAction r1-a0 status") throw new DataPlaneError("unavailable", "down");
  };
  await enqueue({ discoverable: true });
  await memory.pod("r1-a0-0");
  await controller.restart(async () => {
    memory.before = () => undefined;
  });
  await end("r1-a0-0", { exitCode: 0 });
  await controller.action("r1-a0", finished);
  expect(controller.cache.calls).toEqual(["get", "put"]);
});

test("an entry whose outputs are gone is a miss, and is replaced by the next success", async () => {
  await enqueue({ discoverable: true });
  await end("r1-a0-0", { exitCode: 0 });
  await controller.action("r1-a0", finished);
  for (const entry of controller.cache.entries.values())
    entry.output = { case: "outputUri", value: join(controller.data, "gone/outputs.pb") };
  await enqueue({ run: "r2", discoverable: true });
  await end("r2-a0-0", { exitCode: 0 });
  await controller.action("r2-a0", finished);
  expect([...controller.cache.entries.values()].map(({ output }) => output.value)).toEqual([
    join(controller.data, "r2/a0/1/outputs.pb"),
  ]);
});

test("while another fills the cache an action waits without a Pod, and runs once that one lets go [controller 88]", async () => {
  controller.cache.reservations = new Map();
  await enqueue({ discoverable: true, serializable: true });
  await memory.pod("r1-a0-0");
  await enqueue({ run: "r2", discoverable: true, serializable: true });
  const waiting = await controller.action("r2-a0", ({ status }) => status?.pluginPhase === "PhaseWaitingForCache");
  expect(waiting.status).toMatchObject({
    cacheStatus: 1,
    conditions: [{ reason: "Queued", message: expect.stringContaining("flyte/r1-a0") as string }],
  });
  expect(memory.calls).not.toContain("create Pod r2-a0-0");
  await end("r1-a0-0", { exitCode: 1 });
  await controller.action("r1-a0", finished);
  await passTime(() => memory.calls.includes("create Pod r2-a0-0"));
});

test("one that waited for the cache takes what was put there instead of running [controller 88]", async () => {
  controller.cache.reservations = new Map();
  await enqueue({ discoverable: true, serializable: true });
  await memory.pod("r1-a0-0");
  await enqueue({ run: "r2", discoverable: true, serializable: true });
  await controller.action("r2-a0", ({ status }) => status?.pluginPhase === "PhaseWaitingForCache");
  await end("r1-a0-0", { exitCode: 0 });
  await passTime(async () => finished(await memory.cluster.taskActions.get("r2-a0")));
  expect((await memory.cluster.taskActions.get("r2-a0")).status?.cacheStatus).toBe(2);
  expect(memory.calls).not.toContain("create Pod r2-a0-0");
});

test("a reservation is kept while the Pod runs and given back at every kind of end [controller 89]", async () => {
  const reservations = new Map<string, string>();
  controller.cache.reservations = reservations;
  for (const [run, exitCode] of [
    ["r1", 0],
    ["r2", 1],
    ["r3", undefined],
  ] as const) {
    controller.cache.entries.clear();
    await enqueue({ run, discoverable: true, serializable: true });
    const pod = await memory.pod(`${run}-a0-0`);
    await memory.setStatus(`${run}-a0-0`, runningStatus(pod, new Date(clock.now()).toISOString()));
    await controller.action(`${run}-a0`, progressing("Executing"));
    expect([...reservations.values()]).toEqual([`flyte/${run}-a0`]);
    controller.cache.calls.length = 0;
    const until = clock.now() + 60_000;
    let extended = 0;
    while (clock.now() < until) {
      clock.advance(5_000);
      await vi.waitFor(
        () => expect(controller.cache.calls.filter((call) => call === "reserve").length).toBeGreaterThan(extended),
        { interval: 1 },
      );
      extended = controller.cache.calls.filter((call) => call === "reserve").length;
    }
    if (exitCode === undefined) await memory.cluster.taskActions.delete(`${run}-a0`);
    else await end(`${run}-a0-0`, { exitCode });
    await vi.waitFor(() => expect(reservations.size).toBe(0));
  }
});
