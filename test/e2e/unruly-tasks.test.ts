/** Tasks that do what no task should: each gets what it deserves, and the server goes on. */
import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import type { ActionIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTaskRunner, type TaskRunner } from "./raw-task.ts";
import { emptyHome, processesNaming, type Run, runMain } from "./server-process.ts";

let home: Awaited<ReturnType<typeof emptyHome>>;
let server: Run;
let url: string;
let tasks: TaskRunner;
let data: Client<typeof DataProxyService>;
beforeAll(async () => {
  home = await emptyHome();
  server = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "error"], {
    HOME: home.path,
    TMPDIR: home.path,
  });
  [, url = ""] = await server.printed(/ready on (http:\/\/localhost:\d+)/);
  tasks = createTaskRunner(url);
  data = createClient(DataProxyService, tasks.transport);
});
afterAll(async () => {
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(server.stderr()).toBe("");
  await home.remove();
});

/** Lines of an attempt's log as they come; `not_found` before there is one means to ask again. */
async function* lines(actionId: ActionIdentifier, signal?: AbortSignal): AsyncGenerator<string> {
  for await (const { logs } of data.tailLogs({ actionId, attempt: 1 }, signal === undefined ? {} : { signal }))
    for (const batch of logs) for (const { message } of batch.lines) yield message;
}

async function allLines(actionId: ActionIdentifier | undefined): Promise<readonly string[]> {
  if (actionId === undefined) throw new Error("the run has no action");
  const all: string[] = [];
  for await (const line of lines(actionId)) all.push(line);
  return all;
}

describe("a task", () => {
  test("that is killed gets another chance, and is killed for good the second time", async () => {
    // A command's `$$$$` is the shell's `$$`.
    const ended = await tasks.run({ command: "kill -KILL $$$$" });
    expect(ended).toMatchObject({ phase: "FAILED", kind: "USER", code: "SIGKILL" });
    expect(ended.message).toContain("terminated with exit code (137)");
  });

  test("that leaves processes behind, some of them daemons, succeeds and leaves none", async () => {
    const words = `${home.path}/left-behind`;
    const child = `sh -c 'while :; do sleep 1; done' ${words}`;
    const ended = await tasks.run({ command: `${child} & setsid ${child} & setsid setsid ${child} & sleep 0.1` });
    expect(ended.phase, ended.message).toBe("SUCCEEDED");
    expect(await processesNaming(words)).toEqual([]);
  });

  test("that prints what is no text has it shown as replacement characters, line by line", async () => {
    const ended = await tasks.run({ command: String.raw`printf 'a\377\376\000b\n\200\n'` });
    expect(ended.phase, ended.message).toBe("SUCCEEDED");
    const [first = "", ...rest] = (await allLines(ended.details.id)).filter(
      (line) => !line.includes("flyte-dataplane"),
    );
    expect(first).toBe("a\ufffd\ufffd\0b\n");
    expect(rest).toEqual(["\ufffd\n"]);
  });

  test("that prints a million lines is read to the last by whoever follows, and the server stays small", async () => {
    const text = "x".repeat(93);
    const before = await peakBytes();
    // Somebody who comes when all is printed may get what the archive keeps.
    const followed = join(home.path, "followed");
    const wait = `echo first; until [ -e ${followed} ]; do sleep 0.05; done`;
    const actionId = await tasks.start({ command: `${wait}; yes ${text} | head -n 1000000 | cat -n; echo the end` });
    await untilLogged(actionId);
    let count = 0;
    let last = "";
    for await (const line of lines(actionId)) {
      if (line === "first\n") await writeFile(followed, "");
      if (line.includes(text)) count += 1;
      last = line;
    }
    expect(last).toBe("the end\n");
    expect(count).toBe(1_000_000);
    const ended = await tasks.untilEnded(actionId);
    expect(ended.phase, ended.message).toBe("SUCCEEDED");
    // What V8 lets lie before it looks. Kept lines would be half a gigabyte.
    expect((await peakBytes()) - before).toBeLessThan(192 * 1024 * 1024);

    await expect.poll(() => archiveOf(actionId), { timeout: 60_000, interval: 100 }).toHaveLength(64 * 1024 * 1024);
    expect((await archiveOf(actionId)).subarray(-8).toString()).toBe("the end\n");
  }, 300_000);
});

describe("clients that leave while they follow a log", () => {
  test("leave nothing open in the server", async () => {
    const release = join(home.path, "release");
    const command = `echo first; until [ -e ${release} ]; do sleep 0.05; done`;
    const actionId = await tasks.start({ command });
    await untilLogged(actionId);
    const before = await canceledTails();
    const leaving = Array.from({ length: 20 }, async () => {
      const leave = new AbortController();
      await expect(async () => {
        for await (const line of lines(actionId, leave.signal)) if (line === "first\n") leave.abort();
      }).rejects.toThrow(/aborted/);
    });
    await Promise.all(leaving);
    await expect.poll(() => canceledTails(), { timeout: 30_000 }).toBeGreaterThanOrEqual(before + 20);
    await expect.poll(() => openLogs(), { timeout: 30_000 }).toEqual([]);
    await tasks.run({ command: `touch ${release}` });
    expect((await tasks.untilEnded(actionId)).phase).toBe("SUCCEEDED");
  });
});

/** Resolves once the first attempt has a log to read. */
async function untilLogged(actionId: ActionIdentifier): Promise<void> {
  await expect
    .poll(
      async () => {
        const leave = new AbortController();
        try {
          for await (const line of lines(actionId, leave.signal)) return line !== "";
          return true;
        } catch {
          return false;
        } finally {
          leave.abort();
        }
      },
      { timeout: 30_000, interval: 50 },
    )
    .toBe(true);
}

/** The most memory that the server has had so far. */
async function peakBytes(): Promise<number> {
  const status = await readFile(`/proc/${server.child.pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** The kept log of the task's own container; empty while there is none. */
async function archiveOf({ run, name }: ActionIdentifier): Promise<Buffer> {
  const folder = join(home.path, "data", "blobs", "flytesnacks", "development", run?.name ?? "", name, "1", "logs");
  const pod = `${run?.name}-${name}-0`;
  return await readFile(join(folder, pod, `${pod}.0`)).catch(() => Buffer.alloc(0));
}

async function canceledTails(): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counts = metrics
    .split("\n")
    .filter((line) => /^rpc_server_calls_total\{.*method="TailLogs".*code="canceled"/.test(line))
    .map((line) => Number(line.slice(line.lastIndexOf(" "))));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Logs of containers that the server has open. */
async function openLogs(): Promise<readonly string[]> {
  const folder = `/proc/${server.child.pid}/fd`;
  const targets = await Promise.all((await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => "")));
  return targets.filter((target) => target.endsWith("/log"));
}
