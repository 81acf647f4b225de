import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { constants } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

/** What is judged: any program that takes a co-pilot's words, with words before them if it needs an interpreter. */
export interface Binary {
  readonly path: string;
  readonly args: readonly string[];
}

export interface Ended {
  readonly status: number | "running";
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Longest that a run may take before it is killed and counts as one that never ends. */
const longestMs = 90_000;

/** Starts the program with nothing in its environment but what is given. */
export function start(
  binary: Binary,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Run {
  const child = spawn(binary.path, [...binary.args, ...args], {
    cwd,
    env: { ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr, killed] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const limit = setTimeout(() => {
    killed = true;
    child.kill("SIGKILL");
  }, longestMs);
  const ended = once(child, "close").then(([code, signal]: unknown[]) => {
    clearTimeout(limit);
    return { status: killed ? "running" : statusOf(code, signal), stdout, stderr } as const;
  });
  return { child, ended };
}

function statusOf(code: unknown, signal: unknown): number {
  if (typeof code === "number") return code;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1] ?? 0;
  return 128 + number;
}

const samples = 6;
const sampleMs = 50;

/**
 * Resolves once the program waits: it catches SIGTERM, each of its threads sleeps, and neither processor time nor requests
 * (`busy`) grew over some samples; or once it has ended. No program has to say that it is ready.
 */
export async function untilWaiting({ child }: Run, busy: () => number): Promise<void> {
  let [last, same] = ["", 0];
  while (child.exitCode === null && child.signalCode === null && same < samples) {
    const seen = `${await sleeping(child.pid ?? 0)} ${busy()}`;
    same = seen === last && !seen.startsWith("awake") ? same + 1 : 0;
    last = seen;
    await pause(sampleMs);
  }
}

/** Processor ticks of all threads, or `awake` where one runs or no signal is caught yet. */
async function sleeping(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  // Bit 14 stands for signal 15, SIGTERM.
  if ((BigInt(`0x${caught}`) & (1n << 14n)) === 0n) return "awake";
  let ticks = 0;
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, "utf8").catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] !== "S") return "awake";
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return `asleep ${ticks}`;
}
