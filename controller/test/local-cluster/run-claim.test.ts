import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Launch } from "../../src/cluster/local/kubelet/container-launch.ts";
import { observeContainer } from "../../src/cluster/local/kubelet/observe-run.ts";
import { podDirectory } from "../../src/cluster/local/kubelet/pod-directory.ts";
import { reapPods } from "../../src/cluster/local/kubelet/reap-pods.ts";
import { startRun } from "../../src/cluster/local/kubelet/start-run.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "run-claim-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

test.each([
  { name: "with the usual PATH", path: "/usr/local/bin:/usr/bin:/bin" },
  { name: "with a PATH that leads nowhere", path: "/nowhere" },
])("a run that is started ten times at once $name runs once", async ({ path }) => {
  const pod = podDirectory(directory, "uid");
  const run = pod.run("main", 0);
  const launch: Launch = {
    words: ["/bin/sh", "-c", `echo once >> ${directory}/effects`],
    environment: new Map([["PATH", path]]),
    directories: [run.work],
    workingDirectory: run.work,
    mountPaths: [],
  };
  await Promise.all(Array.from({ length: 10 }, () => startRun(run, launch, 0)));
  const state = async () => (await observeContainer(pod, { name: "main" }, () => "unknown", Date.now()))?.current.state;
  await expect.poll(state).toMatchObject({ kind: "ended", exitCode: 0 });
  expect(await readFile(join(directory, "effects"), "utf8")).toBe("once\n");
});

test("a run that is being started when everything is stopped does not outlive that", async () => {
  const pod = podDirectory(directory, "uid");
  const starting = Array.from({ length: 8 }, async (_, restart) => {
    const run = pod.run("main", restart);
    const launch: Launch = {
      words: ["/bin/sh", "-c", "exec sleep 300"],
      environment: new Map([["PATH", "/usr/bin:/bin"]]),
      directories: [run.work],
      workingDirectory: run.work,
      mountPaths: [],
    };
    return await startRun(run, launch, 0);
  });
  const children = await Promise.all(starting);
  // Their processes exist, but hardly any has said yet who it is.
  await reapPods(directory, { clock: systemClock, graceMs: 0, spare: new Set() });
  await Promise.all(children.map(ended));
  const { current } = (await observeContainer(pod, { name: "main" }, () => "unknown", Date.now())) ?? {};
  expect(["vanished", "ended"]).toContain(current?.state.kind);
});

test("a run that has ended is not run again when it is started again", async () => {
  const pod = podDirectory(directory, "uid");
  const run = pod.run("main", 0);
  const launch: Launch = {
    words: ["/bin/sh", "-c", "echo started"],
    environment: new Map(),
    directories: [run.work],
    workingDirectory: run.work,
    mountPaths: [],
  };
  const first = await startRun(run, launch, 0);
  await ended(first);
  const second = await startRun(run, launch, 0);
  await ended(second);
  expect(await readFile(run.log, "utf8")).toBe("started\n");
});

/** A short process may have ended before anybody could listen for it. */
async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await once(child, "exit");
}
