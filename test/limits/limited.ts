/** The built co-pilot as a container runs it: process 1 of its own, an unprivileged user, a cgroup around it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Program that tells the peak memory of what it runs. */
    measure: string;
    /** Why nothing can be confined here; empty where it can. */
    notConfined: string;
    /** Paths of the server programs that there are, by the names of `npm run tools`. */
    storePrograms: Readonly<Record<string, string>>;
  }
}

/** The built program. */
export const bundle: string = fileURLToPath(new URL("../../copilot/dist/packed/flyte-copilot.cjs", import.meta.url));
const runLimited = fileURLToPath(new URL("../support/kubernetes/run-limited.sh", import.meta.url));

/** The user that the programs run as: nobody's. */
export const unprivileged = 65_532;

/** Without any right of root's, and without a way back to them. */
const asNobody = [
  "setpriv",
  `--reuid=${unprivileged}`,
  `--regid=${unprivileged}`,
  "--clear-groups",
  "--inh-caps=-all",
  "--bounding-set=-all",
  "--no-new-privs",
];

export interface LimitedEnd {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Highest resident memory of the program, as the kernel counted it. */
  readonly peakRssBytes: number;
  /** Highest charge of the cgroup, page cache of the files included; it may well reach the limit. */
  readonly peakCgroupBytes: number;
  /** Processes of the cgroup that the kernel ended for want of memory. */
  readonly killedForMemory: number;
}

export interface LimitedRun {
  /** The process that stands around the confined one: SIGTERM sent to it reaches that one. */
  readonly child: ChildProcess;
  readonly ended: Promise<LimitedEnd>;
}

export interface LimitedOptions {
  readonly cwd?: string;
}

/** Starts the program with these arguments in the limits of a co-pilot's container: 128 MiB and half a processor. */
export async function startLimited(args: readonly string[], { cwd }: LimitedOptions = {}): Promise<LimitedRun> {
  const folder = await mkdtemp(path.join(tmpdir(), "flyte-copilot-limited-"));
  const report = path.join(folder, "report.json");
  const child = spawn(
    inject("measure"),
    [report, runLimited, ...asNobody, process.execPath, bundle, ...args],
    // Only what the scripts need: certificates of the surroundings would slow down the start.
    { cwd: cwd ?? "/", env: { PATH: process.env["PATH"] }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(async () => {
    const measured: unknown = JSON.parse(await readFile(report, "utf8"));
    await rm(folder, { recursive: true });
    return {
      status: numberOf(measured, "exitCode"),
      stdout,
      stderr,
      peakRssBytes: numberOf(measured, "peakRssBytes"),
      peakCgroupBytes: told(stderr, /^memory\.(?:max_usage_in_bytes|peak): (\d+)/m),
      killedForMemory: told(stderr, /^memory\.(?:oom_control|events):.*\boom_kill (\d+)/m),
    };
  });
  return { child, ended };
}

function numberOf(value: unknown, key: string): number {
  if (typeof value === "object" && value !== null && key in value) {
    const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
    if (typeof found === "number") return found;
  }
  throw new Error(`the report holds no number "${key}"`);
}

function told(stderr: string, pattern: RegExp): number {
  const [, digits] = pattern.exec(stderr) ?? [];
  if (digits === undefined) throw new Error(`run-limited.sh did not tell ${pattern.source}:\n${stderr}`);
  return Number(digits);
}
