/** One sidecar of the storm, from its start to what it left at the store. */

import { Buffer } from "node:buffer";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type FaultProxy, startFaultProxy } from "@flyte-dataplane/test-support";
import { blob, simple } from "../../copilot/test/documents.ts";
import { bundle, type LimitedEnd, startLimited } from "./limited.ts";
import { withFolder } from "./local-files.ts";
import type { LimitsStore } from "./store.ts";
import type { StormPlan } from "./storm-plan.ts";

export interface StormOutcome {
  readonly end: LimitedEnd;
  /** Sockets of the program as its error document was written, besides that one's; 0 where none was. */
  readonly openBesideReport: number;
}

const types = { n: simple("INTEGER"), f: blob(0), d: blob(1) };

/** Lets the sidecar say `started`, sends the signals, and waits for its end. */
export async function stormRun(store: LimitsStore, attempt: string, plan: StormPlan): Promise<StormOutcome> {
  const proxy = await startFaultProxy(store.endpoint);
  let openBesideReport = 0;
  try {
    let pid = 0;
    const look = async (): Promise<void> => {
      openBesideReport = Math.max(0, (await sockets(pid)) - 1);
    };
    if (plan.kind === "late") stallData(proxy, look);
    let end: LimitedEnd | undefined;
    await withFolder(async (folder) => {
      const local = path.join(folder, "outputs");
      await leave(local, plan);
      const timeout = plan.kind === "late" ? "1500ms" : "10m0s";
      const how = { types, endpoint: proxy.endpoint, waits: true, timeout };
      const { child, ended } = await startLimited(store.sidecarWords(attempt, local, how), { cwd: folder });
      pid = await programPid(child.pid ?? 0);
      await untilStarted(pid, folder);
      for (const afterMs of plan.signals) {
        await pause(afterMs);
        // The storm is there to catch ends of every moment: also that it has ended already.
        if (!signal(pid)) break;
      }
      // A sidecar that never heard of its signal would wait for ever; this is no measure of its speed.
      const stuck = setTimeout(() => kill(pid, "SIGKILL"), 120_000);
      end = await ended;
      clearTimeout(stuck);
    });
    if (end === undefined) throw new Error("unreachable: the folder was used");
    return { end, openBesideReport };
  } finally {
    await proxy.close();
  }
}

export type EarlyOutcome = "outputs" | "error document" | "signal lost" | "ended without a document";

/** Sends SIGTERM so long after the start of the program, whether it listens or not. */
export async function earlyRun(
  store: LimitsStore,
  attempt: string,
  afterMs: number,
): Promise<{ readonly atMs: number; readonly outcome: EarlyOutcome }> {
  let lost = false;
  let atMs = 0;
  await withFolder(async (folder) => {
    const local = path.join(folder, "outputs");
    await leave(local, { kind: "whole", fileBytes: 100, folderFiles: 1, signals: [] });
    const run = await startLimited(store.sidecarWords(attempt, local, { types, waits: true }), { cwd: folder });
    const pid = await programPid(run.child.pid ?? 0);
    const began = performance.now();
    await pause(afterMs);
    atMs = performance.now() - began;
    signal(pid);
    // Who listens after the signal and has not ended by the second question never heard of it.
    const waiting = (async () => {
      await untilStarted(pid, folder);
      await untilStarted(pid, folder);
      lost = true;
      // Long after this a kubelet does the same.
      process.kill(pid, "SIGKILL");
    })();
    waiting.catch(() => undefined);
    await run.ended;
  });
  if (lost) return { atMs, outcome: "signal lost" };
  if ((await store.report(attempt)) !== undefined) return { atMs, outcome: "error document" };
  return { atMs, outcome: (await store.outputs(attempt)) === undefined ? "ended without a document" : "outputs" };
}

async function leave(local: string, { kind, fileBytes, folderFiles }: StormPlan): Promise<void> {
  await mkdir(path.join(local, "d"), { recursive: true });
  await writeFile(path.join(local, "n"), "7");
  if (kind !== "missing") await writeFile(path.join(local, "f"), Buffer.alloc(fileBytes, 1));
  if (kind === "error") await writeFile(path.join(local, "_ERROR"), "it broke");
  for (let index = 0; index < folderFiles; index++) await writeFile(path.join(local, "d", `${index}`), `${index}`);
}

/** The store never takes the data, and before it takes a report, `look` is called. */
function stallData(proxy: FaultProxy, look: () => Promise<void>): void {
  const times = Number.POSITIVE_INFINITY;
  proxy.inject({
    when: ({ method, target }) => method !== "GET" && target.includes("/raw/"),
    effect: { kind: "stall-request", afterBytes: 0 },
    times,
  });
  proxy.inject({
    when: ({ method, target }) => method === "PUT" && /\/errors?\.pb$/.test(target),
    effect: { kind: "hold-request", afterBytes: 0, hold: look },
    times,
  });
}

/** Open sockets of a process, its three standard streams aside. */
async function sockets(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  const numbers = (await readdir(folder)).filter((fd) => Number(fd) > 2);
  const links = await Promise.all(numbers.map((fd) => readlink(path.join(folder, fd)).catch(() => "")));
  return links.filter((link) => link.startsWith("socket:")).length;
}

/** The program itself, below the processes that confine it. */
async function programPid(ancestor: number): Promise<number> {
  for (;;) {
    const found = await findProgram(ancestor);
    if (found !== undefined) return found;
    await pause(1);
  }
}

async function findProgram(pid: number): Promise<number | undefined> {
  const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  if (words.startsWith(`${process.execPath}\0${bundle}`)) return pid;
  for (const child of await childrenOf(pid)) {
    const found = await findProgram(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A child hangs on the thread that started it. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}

/** Asks as a startup probe does: the program's own `ready`, inside its process namespace and its working directory. */
async function untilStarted(pid: number, cwd: string): Promise<void> {
  const probe = ["--target", `${pid}`, "--pid", "--mount", `--wd=${cwd}`, process.execPath, bundle, "ready"];
  while (!(await succeeds("nsenter", probe))) {
    if (!signalReaches(pid)) throw new Error(`process ${pid} ended before it was ready`);
  }
}

function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, args, { env: { PATH: process.env["PATH"] } }, (error) => resolve(error === null));
  });
}

function signal(pid: number): boolean {
  return kill(pid, "SIGTERM");
}

function signalReaches(pid: number): boolean {
  return kill(pid, 0);
}

/** False for a process that has ended. */
function kill(pid: number, what: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, what);
    return true;
  } catch {
    return false;
  }
}
