import { spawnSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LocalCluster } from "../../src/cluster/local/local-cluster.ts";
import { startMachine, type TestMachine, type TestServer } from "./local-server.ts";
import { aPod, hasEnded, logOf, runPod, shell, untilPod } from "./pods.ts";

const logBytes = 2 * 1024 * 1024;
/** Some looks of the server apart, so that the log is trimmed while it grows. */
const printer =
  "i=0; while [ $i -lt 40 ]; do yes \"$i $(printf '%090d' 0)\" | head -c 524288; echo; sleep 0.02; i=$((i+1)); done";
const canPunch = spawnSync("fallocate", ["--version"]).status === 0;

describe.skipIf(!canPunch)("the share of the disk of a log (needs fallocate)", () => {
  let machine: TestMachine;
  let server: TestServer;
  let cluster: LocalCluster;
  beforeAll(async () => {
    machine = await startMachine({ PATH: process.env["PATH"] });
    server = await machine.serve({ logBytes });
    cluster = server.cluster;
  });
  afterAll(async () => {
    await server.stop({ stopContainers: true });
    await machine.stop();
  });
  const logFile = (uid: string | undefined): string => join(machine.directory, "pods", uid ?? "", "main", "0", "log");
  const diskBytes = async (path: string): Promise<number> => (await stat(path)).blocks * 512;

  test("is kept by a container that prints ten times as much, whose last lines are whole and whose reader is told", async () => {
    const pod = await runPod(cluster, aPod({ containers: [shell("main", `${printer}; echo the end`)] }));
    const path = logFile(pod.metadata.uid);
    expect((await stat(path)).size).toBeGreaterThan(9 * logBytes);
    expect(await diskBytes(path)).toBeLessThanOrEqual(logBytes + 1024 * 1024);

    const [notice = "", ...lines] = await logOf(cluster, pod.metadata.name, "main");
    const start = Number(await readFile(`${path}-start`, "utf8"));
    expect(notice).toBe(
      `flyte-dataplane: ${start} bytes of this log are gone: a container's log may take ${logBytes} bytes of disk, which the setting local.logBytes can change`,
    );
    expect(lines.at(-1)).toBe("the end");
    expect(lines.filter((line) => line !== "" && line !== "the end" && !/^\d+ 0{1,90}$/.test(line))).toEqual([]);
    expect(lines.join("\n").length).toBeGreaterThan(logBytes / 2);
  });

  test("does not hold up who follows too slowly: what is gone is told of where it is missing", async () => {
    const pod = aPod({ containers: [shell("main", `echo first; ${printer}; echo the end`)] });
    const { metadata } = await cluster.pods.create(pod);
    const lines: string[] = [];
    for await (const batch of cluster.logs.read({ podName: metadata.name, container: "main", follow: true })) {
      // The first lines are read, and then nothing until the container has ended.
      if (lines.length === 0) await untilPod(cluster, metadata.name, hasEnded);
      lines.push(...batch.map(({ line }) => line));
    }
    expect(lines[0]).toBe("first");
    expect(lines.filter((line) => line.startsWith("flyte-dataplane: "))).toHaveLength(1);
    expect(lines.at(-1)).toBe("the end");
    expect(lines.some((line) => line.includes("\0"))).toBe(false);
  });

  test("is what an archive of the log gets, and no hole", async () => {
    const pod = await runPod(cluster, aPod({ containers: [shell("main", `${printer}; echo the end`)] }));
    const [file] = await cluster.logs.files(pod);
    const chunks: Uint8Array[] = [];
    for await (const chunk of file?.read() ?? []) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    expect(text.length).toBe(file?.bytes);
    expect(text.length).toBeLessThanOrEqual(logBytes + 1024 * 1024);
    expect(text.includes("\0")).toBe(false);
    expect(text.endsWith("the end\n")).toBe(true);
  });

  test("is still known to the next server", async () => {
    const pod = await runPod(cluster, aPod({ containers: [shell("main", `${printer}; echo the end`)] }));
    const before = await logOf(cluster, pod.metadata.name, "main");
    await server.stop();
    server = await machine.serve({ logBytes });
    cluster = server.cluster;
    expect(await logOf(cluster, pod.metadata.name, "main")).toEqual(before);
  });
});
