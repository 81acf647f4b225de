import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Pod } from "../../src/cluster/pod-object.ts";
import { startMachine, type TestMachine } from "./local-server.ts";
import { aPod, shell } from "./pods.ts";

let machine: TestMachine;
let program: string;

beforeAll(async () => {
  machine = await startMachine({ PATH: process.env["PATH"] });
  program = join(machine.directory, "server-child.mjs");
  // The sources as they are now, in one file that any supported Node runs; packages stay where they are.
  await build({
    entryPoints: [join(import.meta.dirname, "server-child.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
});

afterAll(async () => {
  await machine.stop();
});

const kills = 20;

test("a server killed 20 times at random moments loses no container and starts none twice", async () => {
  const effects = join(machine.directory, "effects");
  const pods = Array.from({ length: kills + 1 }, (_, round) => noisyPod(effects, round));
  for (let round = 0; round < kills; round += 1) {
    const server = serve(pods.slice(0, round + 1));
    await once(server.stdout ?? server, "data");
    // Anywhere between the first write and well into the containers' lives.
    await pause(Math.random() * 60);
    server.kill("SIGKILL");
    await once(server, "exit");
  }
  const server = serve(pods);
  let faults = "";
  server.stderr?.on("data", (chunk: Buffer) => (faults += chunk.toString()));
  const [code] = (await once(server, "exit")) as [number | null];
  expect(faults).toBe("");
  expect(code).toBe(0);

  const seen = (await readFile(effects, "utf8")).trim().split("\n").sort();
  const expected = pods.flatMap((_, round) => ["init", "main", "sidecar"].map((name) => `${round}-${name}`)).sort();
  expect(seen).toEqual(expected);

  const witness = await machine.serve();
  try {
    const { items } = await witness.cluster.pods.list();
    expect(items.map((pod) => pod.status?.phase)).toEqual(pods.map(() => "Succeeded"));
  } finally {
    await witness.stop();
  }
}, 60_000);

test("a second server on the same database is refused with one clear error", async () => {
  const first = await machine.serve();
  try {
    await expect(machine.serve({ lockWaitMs: 0 })).rejects.toMatchObject({
      code: "failed_precondition",
      message: expect.stringContaining("another server already runs") as unknown,
    });
  } finally {
    await first.stop();
  }
});

test("a container that was lost together with its server has ended with 137 and the reason ServerLost", async () => {
  const first = await machine.serve();
  const pod = await first.cluster.pods.create(aPod({ containers: [shell("main", "echo $PPID; exec sleep 300")] }));
  const { name } = pod.metadata;
  let wrapper = 0;
  for await (const batch of first.cluster.logs.read({ podName: name, container: "main", follow: true })) {
    wrapper = Number(batch[0]?.line);
    break;
  }
  await first.stop();
  // The wrapper, and with it the only one who could write the exit code.
  process.kill(-wrapper, "SIGKILL");
  const second = await machine.serve();
  try {
    const { items } = await second.cluster.pods.list();
    const { resourceVersion } = await second.cluster.pods.list();
    let last = items.find((other) => other.metadata.name === name);
    for await (const { object } of second.cluster.pods.watch(resourceVersion)) {
      last = object;
      if (last.metadata.name === name && last.status?.phase === "Failed") break;
    }
    expect(last?.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: "ServerLost",
    });
  } finally {
    await second.stop({ stopContainers: true });
  }
});

/** An init container, a sidecar and a main container, each leaving one line. */
function noisyPod(effects: string, round: number): Pod {
  const note = (name: string): string => `echo ${round}-${name} >> ${effects}`;
  return aPod({
    initContainers: [
      shell("init", `${note("init")}; sleep 0.05`),
      shell("sidecar", `trap 'exit 0' TERM; ${note("sidecar")}; while :; do sleep 0.05; done`, {
        restartPolicy: "Always",
      }),
    ],
    containers: [shell("main", `${note("main")}; sleep 0.${round % 5}`)],
  });
}

function serve(pods: readonly Pod[]): ChildProcess {
  return spawn(process.execPath, [program, machine.postgres.url, machine.directory, JSON.stringify(pods)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** A random moment is what this test is about; nothing waits for anything here. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
