import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LocalCluster } from "../../src/cluster/local/local-cluster.ts";
import { startMachine, type TestMachine, type TestServer } from "./local-server.ts";
import { aPod, hasEnded, logOf, runPod, shell, untilPod, untilRemoved } from "./pods.ts";

let machine: TestMachine;
let server: TestServer;
let cluster: LocalCluster;

beforeAll(async () => {
  machine = await startMachine({ PATH: process.env["PATH"], HOME: "/somewhere", FLYTE_API_KEY: "secret" });
  const says = [process.execPath, "-e", "console.log(process.argv[1])"];
  server = await machine.serve({
    programs: { "/bin/tool": says, "/bin/needy": says },
    requirements: { "/bin/needy": { words: ["/bin/sh", "-c", 'test -e "$HOME/need"'], otherwise: "it needs a need" } },
  });
  ({ cluster } = server);
});

afterAll(async () => {
  await server.stop({ stopContainers: true });
  await machine.stop();
});

test("a pod whose command exits with 0 has succeeded, with times and state as a kubelet reports them", async () => {
  const pod = await runPod(cluster, aPod({ containers: [shell("main", "echo hello")] }));
  expect(pod.status).toMatchObject({
    phase: "Succeeded",
    containerStatuses: [
      { name: "main", ready: false, restartCount: 0, state: { terminated: { exitCode: 0, reason: "Completed" } } },
    ],
  });
  const ready = pod.status?.conditions?.find(({ type }) => type === "Ready");
  expect(ready).toMatchObject({ status: "False", reason: "PodCompleted" });
  const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
  expect(Date.parse(ended?.finishedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(ended?.startedAt ?? ""));
  expect(await logOf(cluster, pod.metadata.name, "main")).toEqual(["hello"]);
});

test("the exit code and the termination message of a failed container are reported", async () => {
  const line = "echo why > /dev/termination-log; exit 7";
  const pod = await runPod(cluster, aPod({ containers: [shell("main", line)] }));
  expect(pod.status?.phase).toBe("Failed");
  expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
    exitCode: 7,
    reason: "Error",
    message: "why\n",
  });
});

test("a program whose requirement is not met does not start, and starts once it is", async () => {
  const needy = (home: string) =>
    aPod({
      containers: [{ name: "main", command: ["/bin/needy", "hello"], env: [{ name: "HOME", value: home }] }],
    });
  const home = await mkdtemp(join(tmpdir(), "needy-"));
  const refused = await runPod(cluster, needy(home));
  expect(refused.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
    exitCode: 127,
    reason: "ContainerToolNotFound",
    message: "it needs a need",
  });
  await writeFile(join(home, "need"), "");
  const pod = await runPod(cluster, needy(home));
  expect(await logOf(cluster, pod.metadata.name, "main")).toEqual(["hello"]);
  await rm(home, { recursive: true });
});

test("a failed container without a message shows the end of its log if it asked for that", async () => {
  const main = shell("main", "echo last words; exit 1", { terminationMessagePolicy: "FallbackToLogsOnError" });
  const pod = await runPod(cluster, aPod({ containers: [main] }));
  expect(pod.status?.containerStatuses?.[0]?.state?.terminated?.message).toBe("last words\n");
});

test("a container killed by a signal reports 128 and the signal's number", async () => {
  const pod = await runPod(cluster, aPod({ containers: [shell("main", "kill -9 $$$$")] }));
  expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 137, reason: "Error" });
});

test("init containers run one after the other before the main container, over a shared volume", async () => {
  const mount = { volumeMounts: [{ name: "shared", mountPath: "/var/shared" }] };
  const pod = aPod({
    volumes: [{ name: "shared", emptyDir: {} }],
    initContainers: [
      shell("first", "echo first >> /var/shared/order", mount),
      shell("second", "echo second >> /var/shared/order", mount),
    ],
    containers: [shell("main", "cat /var/shared/order", mount)],
  });
  const done = await runPod(cluster, pod);
  expect(done.status?.phase).toBe("Succeeded");
  const lines = await logOf(cluster, pod.metadata.name, "main");
  expect(lines.slice(1)).toEqual(["first", "second"]);
  expect(lines[0]).toContain("other directories stand for /var/shared.");
});

test("a failed init container fails the pod and the main container never starts", async () => {
  const pod = await runPod(
    cluster,
    aPod({ initContainers: [shell("init", "exit 3")], containers: [shell("main", "echo never")] }),
  );
  expect(pod.status).toMatchObject({
    phase: "Failed",
    initContainerStatuses: [{ state: { terminated: { exitCode: 3 } } }],
    containerStatuses: [{ state: { waiting: { reason: "PodInitializing" } } }],
  });
});

test("a sidecar starts before the main container, gets SIGTERM after it, and does not decide the phase", async () => {
  const mount = { volumeMounts: [{ name: "shared", mountPath: "/s" }] };
  const sidecar = shell(
    "sidecar",
    "trap 'cp /s/out /s/copied; exit 9' TERM; echo up > /s/up; while :; do sleep 0.02; done",
    {
      restartPolicy: "Always",
      startupProbe: { exec: { command: ["test", "-e", "/s/up"] }, periodSeconds: 1 },
      ...mount,
    },
  );
  const pod = aPod({
    volumes: [{ name: "shared", emptyDir: {} }],
    initContainers: [sidecar],
    containers: [shell("main", "cat /s/up > /s/out", mount)],
  });
  const done = await runPod(cluster, pod);
  expect(done.status).toMatchObject({
    phase: "Succeeded",
    initContainerStatuses: [{ restartCount: 0, state: { terminated: { exitCode: 9 } } }],
  });
  const copied = join(machine.directory, "pods", done.metadata.uid ?? "", "_volumes", "shared", "copied");
  expect(await readFile(copied, "utf8")).toBe("up\n");
});

test("sidecars are stopped in the reverse order of their start", async () => {
  const mount = { volumeMounts: [{ name: "shared", mountPath: "/s" }], restartPolicy: "Always" } as const;
  const line = (name: string): string =>
    `trap 'echo ${name} >> /s/stopped; exit 0' TERM; touch /s/${name}; while :; do sleep 0.02; done`;
  const startupProbe = (name: string) => ({ exec: { command: ["test", "-e", `/s/${name}`] } });
  const pod = aPod({
    volumes: [{ name: "shared", emptyDir: {} }],
    initContainers: [
      shell("one", line("one"), { ...mount, startupProbe: startupProbe("one") }),
      shell("two", line("two"), { ...mount, startupProbe: startupProbe("two") }),
    ],
    containers: [shell("main", "true")],
  });
  const done = await runPod(cluster, pod);
  const stopped = join(machine.directory, "pods", done.metadata.uid ?? "", "_volumes", "shared", "stopped");
  expect(await readFile(stopped, "utf8")).toBe("two\none\n");
});

test("a sidecar that ends early is started again", async () => {
  const mount = { volumeMounts: [{ name: "shared", mountPath: "/s" }] };
  const sidecar = shell("sidecar", "echo x >> /s/starts; [ $(wc -l < /s/starts) -ge 2 ] && exec sleep 60; exit 1", {
    restartPolicy: "Always",
    ...mount,
  });
  const pod = aPod({
    volumes: [{ name: "shared", emptyDir: {} }],
    initContainers: [sidecar],
    containers: [shell("main", "until [ -e /s/starts ] && [ $(wc -l < /s/starts) -ge 2 ]; do sleep 0.02; done", mount)],
  });
  const done = await runPod(cluster, pod);
  expect(done.status).toMatchObject({
    phase: "Succeeded",
    initContainerStatuses: [{ restartCount: 1, lastState: { terminated: { exitCode: 1 } } }],
  });
});

test("a program that is not there is one clear failure and is not tried again", async () => {
  const pod = await runPod(
    cluster,
    aPod({ restartPolicy: "OnFailure", containers: [{ name: "main", command: ["no-such-tool-here"] }] }),
  );
  expect(pod.status).toMatchObject({ phase: "Failed", containerStatuses: [{ restartCount: 0 }] });
  const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
  expect(ended).toMatchObject({ exitCode: 127, reason: "ContainerToolNotFound" });
  expect(ended?.message).toContain('"no-such-tool-here"');
});

test("a mapped program is started in place of the image's", async () => {
  const pod = await runPod(cluster, aPod({ containers: [{ name: "main", command: ["/bin/tool"], args: ["said"] }] }));
  expect(await logOf(cluster, pod.metadata.name, "main")).toEqual(["said"]);
});

test("a container sees PATH and HOME of the server, its own variables, and nothing else of the server's", async () => {
  const env = [
    { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "GREETING", value: "to $(POD)" },
    { name: "odd.name", value: "odd" },
  ];
  const pod = await runPod(cluster, aPod({ containers: [{ name: "main", command: ["env"], env }] }));
  const lines = await logOf(cluster, pod.metadata.name, "main");
  expect(lines).toContain("HOME=/somewhere");
  expect(lines).toContain(`GREETING=to ${pod.metadata.name}`);
  expect(lines).toContain("odd.name=odd");
  expect(lines.filter((line) => line.startsWith("FLYTE_API_KEY"))).toEqual([]);
});

test("a command named like a builtin of the shell does not end the wrapper", async () => {
  const pod = await runPod(cluster, aPod({ containers: [{ name: "main", command: ["exit", "0"] }] }));
  expect(pod.status?.containerStatuses?.[0]?.state?.terminated?.reason).toBe("ContainerToolNotFound");
});

test("what a container leaves running dies with it", async () => {
  const mount = { volumeMounts: [{ name: "shared", mountPath: "/s" }] };
  const pod = aPod({
    volumes: [{ name: "shared", emptyDir: {} }],
    containers: [shell("main", "sleep 300 & echo $! > /s/pid", mount)],
  });
  const done = await runPod(cluster, pod);
  const pidFile = join(machine.directory, "pods", done.metadata.uid ?? "", "_volumes", "shared", "pid");
  const pid = Number(await readFile(pidFile, "utf8"));
  await expect.poll(() => isRunning(pid)).toBe(false);
});

test("deleting a running pod sends SIGTERM, waits for its end and then removes it", async () => {
  const pod = aPod({
    containers: [shell("main", "trap 'echo stopping; exit 4' TERM; echo up; while :; do sleep 0.02; done")],
  });
  const { name } = (await cluster.pods.create(pod)).metadata;
  for await (const batch of cluster.logs.read({ podName: name, container: "main", follow: true })) {
    if (batch.some(({ line }) => line === "up")) break;
  }
  const removed = untilRemoved(cluster, name);
  await cluster.pods.delete(name);
  const last = await removed;
  expect(last.metadata.deletionTimestamp).toBeDefined();
  expect(last.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(4);
  await expect(cluster.pods.get(name)).rejects.toMatchObject({ code: "not_found" });
});

test("a container that ignores SIGTERM is killed with its children when the grace is over", async () => {
  const pod = aPod({ containers: [shell("main", "trap '' TERM; sleep 300 & echo $!; wait; sleep 300")] });
  const { name } = (await cluster.pods.create(pod)).metadata;
  let pid = 0;
  for await (const batch of cluster.logs.read({ podName: name, container: "main", follow: true })) {
    pid = Number(batch[0]?.line);
    break;
  }
  const removed = untilRemoved(cluster, name);
  await cluster.pods.delete(name, { gracePeriodSeconds: 1 });
  const last = await removed;
  expect(last.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 137, reason: "Error" });
  await expect.poll(() => isRunning(pid)).toBe(false);
});

test("a pod over its active deadline is stopped and has failed with DeadlineExceeded", async () => {
  const pod = await runPod(cluster, aPod({ activeDeadlineSeconds: 1, containers: [shell("main", "exec sleep 300")] }));
  expect(pod.status).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" });
});

test("a container whose startup probe never passes is stopped and counted as failed", async () => {
  const startupProbe = { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 1 };
  const pod = await runPod(cluster, aPod({ containers: [shell("main", "exec sleep 300", { startupProbe })] }));
  expect(pod.status).toMatchObject({
    phase: "Failed",
    containerStatuses: [{ state: { terminated: { exitCode: 143 } } }],
  });
});

test("a followed log delivers lines while they are written, with the times they were written at", async () => {
  const line = "echo one; until [ -e go ]; do sleep 0.02; done; printf 'caf\\303\\251 \\377'";
  const { metadata } = await cluster.pods.create(aPod({ containers: [shell("main", line)] }));
  const podName = metadata.name;
  const lines = [];
  let between = 0;
  for await (const batch of cluster.logs.read({ podName, container: "main", follow: true })) {
    lines.push(...batch);
    if (between > 0) continue;
    between = Date.now();
    // Only now may the container go on, so what it writes then is younger.
    await writeFile(join(machine.directory, "pods", metadata.uid ?? "", "main", "0", "work", "go"), "");
  }
  expect(lines.map(({ line: text }) => text)).toEqual(["one", "café \ufffd"]);
  expect(lines[0]?.time).toBeLessThanOrEqual(between);
  expect(lines[1]?.time).toBeGreaterThanOrEqual(between);
  await untilPod(cluster, podName, hasEnded);
  const again = [];
  for await (const batch of cluster.logs.read({ podName, container: "main", follow: false })) again.push(...batch);
  expect(again.map(({ time }) => time)).toEqual(lines.map(({ time }) => time));
});

/** A zombie that nobody collected does not count. */
function isRunning(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}
