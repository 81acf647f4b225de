/** What a server costs the machine: processor time and memory of its own process and of its database's, from /proc. */
import { readdir, readFile } from "node:fs/promises";

export interface ServerCost {
  /** Milliseconds of processor time since the start, user and system. */
  readonly serverCpuMs: number;
  /** The same of PostgreSQL, its ended backends included. */
  readonly databaseCpuMs: number;
  /** Bytes of memory in use by the server's process. */
  readonly rssBytes: number;
}

/** Linux counts processor time in hundredths of a second. */
const tickMs = 10;

/** `pid` is the server's; its tasks are no part of the cost. */
export async function serverCost(pid: number): Promise<ServerCost> {
  const processes = await readProcesses();
  const postmaster = processes.find(({ parent, name }) => parent === pid && name.startsWith("postgres"));
  const backends = processes.filter(({ parent }) => postmaster !== undefined && parent === postmaster.pid);
  const sum = backends.reduce((ticks, { own }) => ticks + own, 0);
  const server = processes.find((candidate) => candidate.pid === pid);
  if (server === undefined) throw new Error(`process ${pid} is gone`);
  return {
    serverCpuMs: server.own * tickMs,
    databaseCpuMs: (sum + (postmaster === undefined ? 0 : postmaster.own + postmaster.ended)) * tickMs,
    rssBytes: await residentBytes(pid),
  };
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** Ticks of its own, and of its children that have ended. */
  readonly own: number;
  readonly ended: number;
}

async function readProcesses(): Promise<readonly Process[]> {
  const entries = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const stats = await Promise.all(entries.map((entry) => readFile(`/proc/${entry}/stat`, "utf8").catch(() => "")));
  return stats.flatMap((stat) => {
    // The name stands in brackets and may hold anything.
    const match = /^(\d+) \((.*)\) (.*)$/s.exec(stat);
    if (match === null) return [];
    const [, pid = "", name = "", rest = ""] = match;
    const fields = rest.split(" ").map(Number);
    const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map(
      (i) => fields[i],
    );
    return [{ pid: Number(pid), parent, name, own: user + system, ended: endedUser + endedSystem }];
  });
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}
