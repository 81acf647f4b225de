import { access } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startMachine, type TestMachine, type TestServer } from "../local-cluster/local-server.ts";
import { finished, progressing, startController, type TestController, taskRequest } from "./harness.ts";

let machine: TestMachine;
let server: TestServer;
let controller: TestController;

beforeAll(async () => {
  machine = await startMachine({ PATH: process.env["PATH"], HOME: "/tmp" });
  server = await machine.serve();
  controller = await startController({
    cluster: server.cluster,
    flags: { "executor.gc.interval": "50ms", "executor.gc.maxTTL": "0s" },
  });
});

afterAll(async () => {
  await controller.stop();
  await server.stop({ stopContainers: true });
  await machine.stop();
});

const objects = async (): Promise<readonly string[]> => {
  const { rows } = await server.database.query<{ readonly name: string }>({
    name: "names_of_objects",
    text: "select kind || ' ' || name as name from cluster_objects order by 1",
  });
  return rows.map(({ name }) => name);
};

test("a finished run leaves the database of the local cluster with its pods; a live run stays there, with its finished child [controller 91,X13]", async () => {
  const { data, actions, runs } = controller;
  await actions.enqueue(taskRequest({ data, run: "live", command: ["sleep", "300"] }));
  await actions.enqueue(taskRequest({ data, run: "live", action: "x", parent: "a0", command: ["true"] }));
  const child = await controller.action("live-x", finished);
  await controller.action("live-a0", progressing("Executing"));
  await actions.enqueue(taskRequest({ data, run: "done", command: ["sleep", "0.5"] }));
  const pod = await vi.waitFor(async () => await server.cluster.pods.get("done-a0-0"), { timeout: 10_000 });
  await vi.waitFor(
    async () =>
      expect(await objects()).toEqual(["Pod live-a0-0", "Pod live-x-0", "TaskAction live-a0", "TaskAction live-x"]),
    { timeout: 15_000, interval: 50 },
  );
  expect(runs.calls.filter((call) => call.includes("done-a0")).at(-1)).toBe("update done-a0 SUCCEEDED");
  expect(await controller.action("live-x", finished)).toMatchObject({ metadata: { uid: child.metadata.uid } });
  // What the Pod wrote stays readable for a while; the cluster's own broom takes it.
  const directory = join(machine.directory, "pods", pod.metadata.uid ?? "");
  await expect(access(directory)).resolves.toBeUndefined();
  expect(await server.cluster.collectGarbage({ olderThanMs: 0 })).toBe(1);
  await expect(access(directory)).rejects.toThrow("ENOENT");
});
