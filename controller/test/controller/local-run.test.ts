import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMachine, type TestMachine, type TestServer } from "../local-cluster/local-server.ts";
import { finished, startController, type TestController, taskRequest } from "./harness.ts";
import { eventLines } from "./run-service.ts";

let machine: TestMachine;
let server: TestServer;
let controller: TestController;

beforeAll(async () => {
  machine = await startMachine({ PATH: process.env["PATH"], HOME: "/tmp" });
  server = await machine.serve();
  controller = await startController({ cluster: server.cluster, logs: server.cluster.logs });
});

afterAll(async () => {
  await controller.stop();
  await server.stop({ stopContainers: true });
  await machine.stop();
});

test("an enqueued action runs as real processes to its outputs, its events, its labels and its archived log", async () => {
  const { data, runs } = controller;
  const script = 'echo working; mkdir -p "$1" && printf "" > "$1/outputs.pb"';
  await controller.actions.enqueue(
    taskRequest({ data, outputs: ["o"], command: ["sh", "-c", script, "sh", "{{.outputPrefix}}"] }),
  );
  const action = await controller.action("r1-a0", finished);
  expect(action.status?.conditions).toMatchObject([
    { type: "Progressing", status: "False", reason: "Completed" },
    { type: "Succeeded", status: "True", reason: "Completed" },
  ]);
  expect(action.metadata.finalizers ?? []).toEqual([]);
  const lines = eventLines(runs.events);
  expect(lines[0]).toBe("1 QUEUED v0");
  expect(lines).toContain("1 RUNNING v1");
  expect(lines.at(-1)).toBe("1 SUCCEEDED v0");
  expect(runs.events.at(-1)?.outputs?.outputUri).toBe(join(data, "r1/a0/1/outputs.pb"));
  expect(await readFile(join(data, "r1/a0/1/logs/r1-a0-0/r1-a0-0.0"), "utf8")).toBe("working\n");
});

test("a command that does not exist fails the action once, as its author's mistake, retries or not", async () => {
  const { data, runs } = controller;
  await controller.actions.enqueue(taskRequest({ data, run: "r2", retries: 3, command: ["no-such-tool-anywhere"] }));
  const action = await controller.action("r2-a0", finished);
  expect(action.status).toMatchObject({ attempts: 1, errorState: { code: "ContainerToolNotFound", kind: "USER" } });
  expect(runs.events.filter(({ id }) => id?.run?.name === "r2").at(-1)?.errorInfo?.code).toBe("ContainerToolNotFound");
});
