import { readFile } from "node:fs/promises";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stopLocalContainers } from "../../src/cluster/local/local-cluster.ts";
import type { Pod } from "../../src/cluster/pod-object.ts";
import { startMachine, type TestMachine, type TestServer } from "./local-server.ts";
import { aPod, hasEnded, logOf, runPod, shell, untilPod } from "./pods.ts";

// Where there is no /proc, only the process group is known.
describe.runIf(process.platform === "linux")("a process that left its container's process group", () => {
  let machine: TestMachine;
  let server: TestServer;

  beforeAll(async () => {
    machine = await startMachine({ PATH: process.env["PATH"] });
  });
  beforeEach(async () => {
    server = await machine.serve();
  });
  afterEach(async () => {
    await server.stop({ stopContainers: true });
  });
  afterAll(async () => {
    await machine.stop();
  });

  /** A Pod with a daemon whose number is the first line of its log. A Pod's `$$` stands for one `$`. */
  const withDaemon = (then: string): Pod =>
    aPod({
      containers: [
        shell(
          "main",
          `setsid sh -c 'echo $$$$ | tee $TMPDIR/up; exec sleep 300' & until [ -s $TMPDIR/up ]; do sleep 0.01; done; ${then}`,
        ),
      ],
    });
  /** What is dead may wait for somebody to ask after it; then it has no command line any more. */
  const isGone = async (pid: number): Promise<boolean> => {
    expect(pid).toBeGreaterThan(1);
    return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")) === "";
  };
  const running = async (pod: Pod): Promise<number> => {
    const { name } = (await server.cluster.pods.create(pod)).metadata;
    for await (const [first] of server.cluster.logs.read({ podName: name, container: "main", follow: true }))
      return Number(first?.line);
    throw new Error("the log ended");
  };

  test("is gone once the pod has succeeded", async () => {
    const done = await runPod(server.cluster, withDaemon("true"));
    expect(done.status?.phase).toBe("Succeeded");
    const [pid] = await logOf(server.cluster, done.metadata.name, "main");
    expect(await isGone(Number(pid))).toBe(true);
  });

  test("is gone once a deleted pod is", async () => {
    const pod = withDaemon("exec sleep 300");
    const daemon = await running(pod);
    await server.cluster.pods.delete(pod.metadata.name, { gracePeriodSeconds: 0 });
    await untilPod(server.cluster, pod.metadata.name, () => false);
    expect(await isGone(daemon)).toBe(true);
  });

  test("is gone once the containers were stopped without a server", async () => {
    const daemon = await running(withDaemon("exec sleep 300"));
    await server.stop();
    await stopLocalContainers({ directory: machine.directory, clock: systemClock, graceMs: 0 });
    server = await machine.serve();
    expect(await isGone(daemon)).toBe(true);
  });

  test("of another pod is left alone", async () => {
    const other = withDaemon("exec sleep 300");
    const daemon = await running(other);
    await runPod(server.cluster, withDaemon("true"));
    expect(await isGone(daemon)).toBe(false);
    expect(await server.cluster.pods.get(other.metadata.name)).not.toSatisfy(hasEnded);
  });
});
