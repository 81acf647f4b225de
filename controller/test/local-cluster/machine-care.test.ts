import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { stopLocalContainers } from "../../src/cluster/local/local-cluster.ts";
import { startMachine, type TestMachine } from "./local-server.ts";
import { aPod, hasEnded, runPod, shell, untilPod, untilRemoved } from "./pods.ts";

let machine: TestMachine;

beforeAll(async () => {
  machine = await startMachine({ PATH: process.env["PATH"] });
});

afterAll(async () => {
  await machine.stop();
});

test("a stopped server leaves its containers running, and the next one sees them to their end", async () => {
  const first = await machine.serve();
  const pod = aPod({ containers: [shell("main", "sleep 0.3; exit 5")] });
  const { name } = (await first.cluster.pods.create(pod)).metadata;
  await untilPod(first.cluster, name, ({ status }) => status?.phase === "Running");
  await first.stop();
  const second = await machine.serve();
  const done = await untilPod(second.cluster, name, hasEnded);
  await second.stop();
  expect(done.status?.containerStatuses?.[0]).toMatchObject({
    restartCount: 0,
    state: { terminated: { exitCode: 5 } },
  });
});

test("stopping all containers kills those that do not end by themselves, and none of it counts as the task's own failure", async () => {
  const server = await machine.serve();
  const obedient = aPod({ containers: [shell("main", "trap 'exit 3' TERM; while :; do sleep 0.02; done")] });
  const stubborn = aPod({ containers: [shell("main", "trap '' TERM; while :; do sleep 0.02; done")] });
  for (const pod of [obedient, stubborn]) {
    await server.cluster.pods.create(pod);
    await untilPod(server.cluster, pod.metadata.name, ({ status }) => status?.phase === "Running");
  }
  await server.stop({ stopContainers: true, graceMs: 300 });
  const next = await machine.serve();
  const ends = [];
  for (const pod of [obedient, stubborn]) {
    const done = await untilPod(next.cluster, pod.metadata.name, hasEnded);
    const { exitCode, reason } = done.status?.containerStatuses?.[0]?.state?.terminated ?? {};
    ends.push({ exitCode, reason, podReason: done.status?.reason });
  }
  await next.stop();
  expect(ends).toEqual([
    { exitCode: 3, reason: "ServerLost", podReason: "NodeLost" },
    { exitCode: 137, reason: "ServerLost", podReason: "NodeLost" },
  ]);
});

test("containers of a server that is gone are stopped without its database", async () => {
  const server = await machine.serve();
  const pod = aPod({ containers: [shell("main", "exec sleep 300")] });
  await server.cluster.pods.create(pod);
  await untilPod(server.cluster, pod.metadata.name, ({ status }) => status?.phase === "Running");
  await server.stop();
  const options = { directory: machine.directory, clock: systemClock, graceMs: 2_000 };
  expect(await stopLocalContainers(options)).toBe(1);
  expect(await stopLocalContainers(options)).toBe(0);
});

test("garbage collection removes directories of pods that are gone and old enough, and no others", async () => {
  const server = await machine.serve();
  const kept = await runPod(server.cluster, aPod({ containers: [shell("main", "true")] }));
  const gone = await runPod(server.cluster, aPod({ containers: [shell("main", "true")] }));
  const removed = untilRemoved(server.cluster, gone.metadata.name);
  await server.cluster.pods.delete(gone.metadata.name);
  await removed;
  await mkdir(join(machine.directory, "pods", "left-over"), { recursive: true });
  const young = await server.cluster.collectGarbage({ olderThanMs: 3_600_000 });
  const old = await server.cluster.collectGarbage({ olderThanMs: 0 });
  await server.stop();
  expect(young).toBe(0);
  expect(old).toBeGreaterThanOrEqual(2);
  const left = await readdir(join(machine.directory, "pods"));
  expect(left).toContain(kept.metadata.uid);
  expect(left).not.toContain(gone.metadata.uid);
  expect(left).not.toContain("left-over");
});

test("a server removes by itself the directories of pods that are gone for longer than they are kept, and no others", async () => {
  const first = await machine.serve();
  const kept = await runPod(first.cluster, aPod({ containers: [shell("main", "true")] }));
  const gone = await runPod(first.cluster, aPod({ containers: [shell("main", "true")] }));
  const removed = untilRemoved(first.cluster, gone.metadata.name);
  await first.cluster.pods.delete(gone.metadata.name);
  await removed;
  await first.stop();
  const left = (): Promise<readonly string[]> => readdir(join(machine.directory, "pods"));
  await (await machine.serve()).stop();
  expect(await left()).toContain(gone.metadata.uid);
  const second = await machine.serve({ keepPodDirectoriesMs: 0 });
  await vi.waitFor(async () => expect(await left()).not.toContain(gone.metadata.uid), { timeout: 10_000 });
  await second.stop();
  expect(await left()).toContain(kept.metadata.uid);
});

test("a container works in a fresh empty directory and has one of its own for temporary files", async () => {
  const server = await machine.serve();
  const logged: string[] = [];
  const done = await runPod(server.cluster, aPod({ containers: [shell("main", "pwd; ls -A; echo $TMPDIR")] }));
  for await (const batch of server.cluster.logs.read({
    podName: done.metadata.name,
    container: "main",
    follow: true,
  })) {
    logged.push(...batch.map(({ line }) => line));
  }
  await server.stop();
  const run = join(machine.directory, "pods", done.metadata.uid ?? "", "main", "0");
  expect(logged).toEqual([join(run, "work"), join(run, "tmp")]);
});

test("a server whose database is gone for good still stops, with a pod whose end it could not report", async () => {
  const lonely = await startMachine({ PATH: process.env["PATH"] });
  const server = await lonely.serve();
  const pod = aPod({ containers: [shell("main", "sleep 0.1")] });
  await server.cluster.pods.create(pod);
  await untilPod(server.cluster, pod.metadata.name, ({ status }) => status?.phase === "Running");
  await lonely.stop();
  await expect(server.stop()).resolves.toBeUndefined();
});
