import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type LocalClusterOptions, stopLocalContainers } from "../../src/cluster/local/local-cluster.ts";
import type { Pod } from "../../src/cluster/pod-object.ts";
import { startMachine, type TestMachine, type TestServer } from "./local-server.ts";
import { aPod, hasEnded, logOf, runPod, shell, untilPod } from "./pods.ts";

let machine: TestMachine;
let server: TestServer;

beforeAll(async () => {
  machine = await startMachine({ PATH: process.env["PATH"] });
});
afterEach(async () => {
  await server.stop({ stopContainers: true });
});
afterAll(async () => {
  await machine.stop();
});

const endless = (): Pod => aPod({ containers: [shell("main", "exec sleep 300")] });
const serve = async (options: Partial<LocalClusterOptions>): Promise<void> => {
  server = await machine.serve(options);
};
/** Creates a Pod and waits until it has its turn or knows that it has to wait. */
const create = async (pod: Pod): Promise<string> => {
  const { name } = (await server.cluster.pods.create(pod)).metadata;
  await untilPod(server.cluster, name, ({ status }) => status?.phase !== undefined);
  return name;
};
const isRunning = ({ status }: Pod): boolean => status?.phase === "Running";
const waits = ({ status }: Pod): boolean => status?.conditions?.[0]?.reason === "Unschedulable";

test("a pod above the limit waits as unschedulable and runs when another has ended", async () => {
  await serve({ concurrency: 1 });
  const first = await create(endless());
  await untilPod(server.cluster, first, isRunning);
  const second = await create(aPod({ containers: [shell("main", "true")] }));
  expect((await server.cluster.pods.get(second)).status).toMatchObject({
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
  });
  await server.cluster.pods.delete(first, { gracePeriodSeconds: 0 });
  expect((await untilPod(server.cluster, second, hasEnded)).status?.phase).toBe("Succeeded");
});

test("pods that run for long keep no other from starting", async () => {
  await serve({ starts: 1 });
  const running = [await create(endless()), await create(endless()), await create(endless())];
  for (const name of running) await untilPod(server.cluster, name, isRunning);
  const done = await runPod(server.cluster, aPod({ containers: [shell("main", "true")] }));
  expect(done.status?.phase).toBe("Succeeded");
  for (const name of running) expect(await server.cluster.pods.get(name)).toSatisfy(isRunning);
});

test("a pod waits while as many as may start are still warming up, and starts when one of those ends", async () => {
  await serve({ starts: 1, warmUps: { "/bin/sh": 3_600_000 } });
  const first = await create(endless());
  await untilPod(server.cluster, first, isRunning);
  const second = await create(aPod({ containers: [shell("main", "true")] }));
  expect(await server.cluster.pods.get(second)).toSatisfy(waits);
  await server.cluster.pods.delete(first, { gracePeriodSeconds: 0 });
  expect((await untilPod(server.cluster, second, hasEnded)).status?.phase).toBe("Succeeded");
});

test("a pod that waited through a restart of the server is told the variables of the server that starts it", async () => {
  const line = shell("main", "echo $FROM_SERVER $FROM_POD", { env: [{ name: "FROM_POD", value: "pod" }] });
  const variables = (port: string) => () => ({ FROM_SERVER: port, FROM_POD: "server" });
  await serve({ concurrency: 1, containerVariables: variables("port 1") });
  const first = await create(endless());
  await untilPod(server.cluster, first, isRunning);
  const second = await create(aPod({ containers: [line] }));
  expect(await server.cluster.pods.get(second)).toSatisfy(waits);
  await server.stop();
  await stopLocalContainers({ directory: machine.directory, clock: systemClock, graceMs: 0 });
  await serve({ concurrency: 1, containerVariables: variables("port 2") });
  await untilPod(server.cluster, second, hasEnded);
  expect(await logOf(server.cluster, second, "main")).toEqual(["port 2 pod"]);
});
