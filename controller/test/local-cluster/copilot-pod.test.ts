/** The Pod of a container task on the local cluster, with the built co-pilot in it. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LocalCluster } from "../../src/cluster/local/local-cluster.ts";
import { podOf } from "../controller/built-pod.ts";
import { startMachine, type TestMachine, type TestServer } from "./local-server.ts";
import { runPod } from "./pods.ts";

const copilot = fileURLToPath(new URL("../../../copilot/dist/flyte-copilot.mjs", import.meta.url));

let machine: TestMachine;
let server: TestServer;
let cluster: LocalCluster;
let data: string;

beforeAll(async () => {
  machine = await startMachine({ PATH: process.env["PATH"] });
  server = await machine.serve({ programs: { "/bin/flyte-copilot": [process.execPath, copilot] } });
  ({ cluster } = server);
  data = await mkdtemp(join(tmpdir(), "copilot-pod-"));
});

afterAll(async () => {
  await server.stop({ stopContainers: true });
  await machine.stop();
  await rm(data, { recursive: true });
});

test("a task that ends at once never loses its outputs [copilot B10]", async () => {
  const names = Array.from({ length: 10 }, (_, index) => `at-once-${index}`);
  for (const name of names) {
    const base = join(data, name);
    const pod = podOf({
      base,
      template: {
        type: "raw-container",
        interface: { outputs: { variables: [{ key: "m", value: { type: { type: { case: "simple", value: 1 } } } }] } },
        target: {
          case: "container",
          value: {
            image: "any",
            command: ["/bin/sh", "-c", "echo 7 > /var/outputs/m"],
            dataConfig: { enabled: true, outputPath: "/var/outputs" },
          },
        },
      },
    });
    // Without the action that would own it.
    const ended = await runPod(cluster, { ...pod, metadata: { name } });
    expect(ended.status?.phase).toBe("Succeeded");
    const left = (await readdir(base, { recursive: true })).filter((file) => file.endsWith(".pb"));
    expect(left.map((file) => file.slice(file.lastIndexOf("/") + 1))).toEqual(["outputs.pb"]);
  }
}, 120_000);
