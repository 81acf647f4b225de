import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The program as an image starts it; the plain file is what the harness runs. */
const bundle = fileURLToPath(new URL("../dist/packed/flyte-copilot.cjs", import.meta.url));

export interface Ended {
  /** Exit status, or the signal's name. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

const running = new Set<ChildProcess>();

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A program and its arguments that starts ours. */
  readonly before?: readonly string[];
}

/** Starts the program with nothing in its environment but what is given. */
export function start(args: readonly string[], { cwd, env, before = [] }: StartOptions = {}): Running {
  const [program = "", ...words] = [...before, process.execPath, bundle, ...args];
  const child = spawn(program, words, {
    cwd: cwd ?? tmpdir(),
    env: { ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code, signal]: unknown[]) => {
    running.delete(child);
    return { status: typeof code === "number" ? code : String(signal), stdout, stderr };
  });
  return { child, ended };
}

export async function run(args: readonly string[], options?: StartOptions): Promise<Ended> {
  return await start(args, options).ended;
}

/** Asks the startup probe, as the kubelet does, until it says yes. */
export async function untilReady(cwd: string): Promise<void> {
  while ((await run(["ready"], { cwd })).status !== 0) await pause(20);
}

/** A folder for one test; after it no program of the test runs on, and the folder is gone. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "flyte-copilot-test-"));
  try {
    await use(folder);
  } finally {
    for (const child of running) child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  }
}
