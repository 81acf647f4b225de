/** Readers of a log who do not read: what each costs the server while the log grows faster than they take it. */
import { once } from "node:events";
import { readdir, readFile, readlink } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { DataProxyService, TailLogsRequestSchema } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { expect, onTestFinished, test } from "vitest";
import { envelope } from "./every-procedure.ts";
import { createTaskRunner } from "./raw-task.ts";
import { emptyHome, type Run, runMain } from "./server-process.ts";

const readers = 32;
const mebibyte = 1024 * 1024;

test("32 readers who do not read cost the server less than a MiB each, and nothing once they have left [dataproxy 85]", async () => {
  const home = await emptyHome();
  const server = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "error"], {
    HOME: home.path,
    TMPDIR: home.path,
    // Where there is room V8 lets garbage lie; with little room the peak shows what is held.
    NODE_OPTIONS: "--max-old-space-size=64 --max-semi-space-size=2",
  });
  onTestFinished(async () => {
    server.child.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    await home.remove();
  });
  const [, url = ""] = await server.printed(/ready on (http:\/\/localhost:\d+)/);
  const tasks = createTaskRunner(url);
  const logs = createClient(DataProxyService, tasks.transport);
  const release = join(home.path, "release");
  const written = "the last line for now\n";
  const actionId = await tasks.start({
    command: `yes ${"x".repeat(93)} | head -n 100000; printf '${written.trim()}\\n'; until [ -e ${release} ]; do sleep 0.05; done`,
  });
  /** Reads all that is written so far; false while there is no log yet. */
  const readAll = async (): Promise<boolean> => {
    const leave = new AbortController();
    try {
      for await (const answer of logs.tailLogs({ actionId, attempt: 1 }, { signal: leave.signal }))
        for (const { lines } of answer.logs) if (lines.at(-1)?.message === written) return true;
      return false;
    } catch {
      return false;
    } finally {
      leave.abort();
    }
  };
  // Once, so that what the runtime keeps for a reader of any kind is there before it is measured.
  await expect.poll(readAll, { timeout: 120_000, interval: 100 }).toBe(true);
  const before = await peakBytes(server);

  const message = envelope(toBinary(TailLogsRequestSchema, create(TailLogsRequestSchema, { actionId, attempt: 1 })));
  const slow = await Promise.all(
    Array.from({ length: readers }, async () => {
      const outgoing = request(`${url}/flyteidl2.dataproxy.DataProxyService/TailLogs`, {
        method: "POST",
        headers: { "content-type": "application/connect+proto" },
      });
      outgoing.on("error", () => undefined);
      outgoing.end(message);
      const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
      incoming.on("error", () => undefined);
      return incoming.pause();
    }),
  );
  await expect.poll(() => openLogs(server), { timeout: 30_000 }).toBe(readers);
  // Somebody who reads all of it comes to its end; by then the others were given all that they take.
  expect(await readAll()).toBe(true);
  expect((await peakBytes(server)) - before).toBeLessThan(readers * mebibyte);

  for (const incoming of slow) incoming.destroy();
  await expect.poll(() => openLogs(server), { timeout: 30_000 }).toBe(0);
  await tasks.run({ command: `touch ${release}` });
  expect((await tasks.untilEnded(actionId)).phase).toBe("SUCCEEDED");
}, 300_000);

/** The most memory that the server has had so far. */
async function peakBytes(server: Run): Promise<number> {
  const status = await readFile(`/proc/${server.child.pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** How often the server has a container's log open. */
async function openLogs(server: Run): Promise<number> {
  const folder = `/proc/${server.child.pid}/fd`;
  const targets = await Promise.all((await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => "")));
  return targets.filter((target) => target.endsWith("/log")).length;
}
