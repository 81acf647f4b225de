/**
 * Finds processes that a container started and that left its process group, as daemons do. Each process inherits a
 * variable that names its Pod, and Linux shows what a program was started with. A program that is started with an
 * environment of its own making is not found; neither is any where there is no /proc.
 */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import type { Clock } from "@flyte-dataplane/core";
import { podVariable } from "./container-environment.ts";

/** Each look kills those that the last one's victims started meanwhile; whoever is faster than that for long stays. */
const looks = 10;

/** Kills what is left of the Pods with these uids and resolves once it is gone; returns how many processes it was. */
export async function killStrays(uids: ReadonlySet<string>, clock: Clock): Promise<number> {
  if (process.platform !== "linux" || uids.size === 0) return 0;
  const killed = new Set<number>();
  for (let look = 0; look < looks; look += 1) {
    const strays = straysOf(uids);
    if (strays.length === 0) break;
    for (const pid of strays) if (kill(pid)) killed.add(pid);
    await clock.sleep(5);
  }
  return killed.size;
}

/**
 * Synchronous, as these files are memory: reading them costs some 17 µs a process, a twentieth of what it costs to hand
 * each to another thread.
 */
function straysOf(uids: ReadonlySet<string>): readonly number[] {
  const buffer = Buffer.allocUnsafe(environmentBytes);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => uids.has(podOf(readStart(`/proc/${name}/environ`, buffer)) ?? ""))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

/** Our variable stands before the Pod's own, which may be long. */
const environmentBytes = 128 * 1024;

function podOf(environment: Buffer): string | undefined {
  const start = `${podVariable}=`;
  const before = environment.indexOf(`\0${start}`, 0, "latin1");
  // Without a byte before it, it can only be the first.
  const at = before >= 0 ? before + 1 : environment.indexOf(start, 0, "latin1");
  if (at < 0 || (before < 0 && at > 0)) return undefined;
  const end = environment.indexOf(0, at);
  return environment.toString("latin1", at + start.length, end < 0 ? undefined : end);
}

/** Empty for a process that is gone, a zombie or another user's. */
function readStart(path: string, buffer: Buffer): Buffer {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, 0));
  } catch {
    return buffer.subarray(0, 0);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    // It ended by itself.
    return false;
  }
}
