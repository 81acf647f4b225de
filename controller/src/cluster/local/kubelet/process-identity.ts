/**
 * Who a process is, beyond the life of the server that started it: a pid alone is reused, a pid with the kernel's start
 * time (and, on Linux, the boot it counts from) is not.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";

export interface ProcessIdentity {
  readonly pid: number;
  /** Compared for equality only. */
  readonly start: string;
}

/**
 * What a run's `identity` file says, or undefined while it is incomplete. On Linux it holds the process's
 * /proc/<pid>/stat and the boot id, elsewhere the pid and what `ps -o lstart` printed.
 */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [first, second] = text.split("\n");
  // The last piece is what follows the last line's end, so a torn file has fewer pieces.
  if (first === undefined || second === undefined || text.split("\n").length < 3) return undefined;
  const stat = parseStat(first);
  const identity =
    stat === undefined
      ? { pid: Number(first), start: second.trim() }
      : { pid: stat.pid, start: `${stat.start}@${second}` };
  return Number.isSafeInteger(identity.pid) && identity.pid > 1 ? identity : undefined;
}

/** True while that very process runs; a zombie does not. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (process.platform === "linux") {
    const [stat, boot] = await Promise.all([readStat(identity.pid), bootId()]);
    if (stat === undefined || stat.state === "Z" || stat.state === "X") return false;
    return `${stat.start}@${boot}` === identity.start;
  }
  return (await startFromPs(identity.pid)) === identity.start;
}

/**
 * Sends `signal` to the process group that `identity` leads. Once the leader is gone its number may be another's, so
 * then only a group without a living leader is signalled, which can only be what was left of ours.
 */
export async function signalGroup(identity: ProcessIdentity, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (!(await isAlive(identity)) && (await pidIsTaken(identity.pid))) return;
  try {
    process.kill(-identity.pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

interface Stat {
  readonly pid: number;
  readonly state: string;
  /** Clock ticks since boot. */
  readonly start: string;
}

/** One line of /proc/<pid>/stat. The name in parentheses may hold anything, so fields count from the last ")". */
function parseStat(line: string): Stat | undefined {
  const close = line.lastIndexOf(")");
  const fields = line.slice(close + 2).split(" ");
  const state = fields[0];
  const start = fields[19];
  if (close < 0 || state === undefined || start === undefined) return undefined;
  return { pid: Number.parseInt(line, 10), state, start };
}

async function readStat(pid: number): Promise<Stat | undefined> {
  try {
    return parseStat(await readFile(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

let knownBoot: Promise<string> | undefined;

function bootId(): Promise<string> {
  knownBoot ??= readFile("/proc/sys/kernel/random/boot_id", "utf8").then((text) => text.trim());
  return knownBoot;
}

async function pidIsTaken(pid: number): Promise<boolean> {
  if (process.platform === "linux") {
    const stat = await readStat(pid);
    return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
  }
  return (await startFromPs(pid)) !== undefined;
}

function startFromPs(pid: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("/bin/ps", ["-o", "lstart=", "-p", String(pid)], { env: { LC_ALL: "C" } }, (error, stdout) => {
      const start = stdout.trim();
      resolve(error !== null || start === "" ? undefined : start);
    });
  });
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ESRCH";
}
