import { type FileHandle, open, readFile, stat, unlink } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "@flyte-dataplane/core";

/** File in the working directory, which is the container's own, that says: the sidecar listens. It names the process. */
const markerName = ".flyte-copilot-ready";

export interface AwaitExitOptions {
  /** The working directory, which the sidecar shares with its startup probe and nobody else. */
  readonly directory: string;
  readonly pid: number;
  /** Aborts at SIGTERM, which the kubelet sends once the task's own containers have ended. */
  readonly terminated: AbortSignal;
  /** A file whose appearance ends the wait, too. */
  readonly successMarker?: string;
  readonly clock: Clock;
}

/** Between two looks for the marker, milliseconds. */
const lookEveryMs = 500;

/**
 * Waits, without limit, for the sign that the task has ended. For as long a marker in the working directory answers the
 * startup probe; where none can be written, for want of a writable file system or of room, the kernel answers it.
 */
export async function awaitExit(options: AwaitExitOptions): Promise<void> {
  const { directory, pid, terminated, successMarker } = options;
  const marker = path.join(directory, markerName);
  await writeMarker(marker, `${pid} ${await startTime(pid)}\n`);
  if (!terminated.aborted) {
    await (successMarker === undefined ? untilAborted(terminated) : untilMarked(successMarker, options));
  }
  await unlink(marker).catch(() => undefined);
}

/**
 * Whether a sidecar listens for its signal: the one whose marker lies in `directory`, alive and not merely a later
 * process under the same number; else process 1 of this container, if it is a sidecar that caught the signal.
 */
export async function isReady(directory: string): Promise<boolean> {
  const text = await readFile(path.join(directory, markerName), "utf8").catch(() => "");
  const [pid = "", started = ""] = text.trim().split(" ");
  if (pid !== "" && started === (await startTime(Number(pid)))) return true;
  return await isListeningSidecar(1);
}

/** Looks again and again rather than watching: not every volume tells of what is written on its other side. */
async function untilMarked(successMarker: string, { terminated, clock }: AwaitExitOptions): Promise<void> {
  const isThere = async (): Promise<boolean> =>
    await stat(successMarker).then(
      () => true,
      () => false,
    );
  while (!(await isThere())) {
    try {
      await clock.sleep(lookEveryMs, { signal: terminated });
    } catch {
      return;
    }
  }
}

/** A signal handler alone does not keep a process alive: the timer does. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  const staying = setInterval(() => undefined, longestTimerMs);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  clearInterval(staying);
}

const longestTimerMs = 2 ** 31 - 1;

/** A probe that runs at the same moment finds the marker absent or whole: it is one write of a few bytes. */
async function writeMarker(marker: string, text: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(marker, "w", 0o644);
  } catch {
    // A read-only file system.
    return;
  }
  try {
    await handle.write(text);
  } catch {
    // A full disk: no reason to end, and with it to lose the outputs.
  } finally {
    await handle.close();
  }
}

/** Clock ticks from boot to the start of the process, as text; `0` where there is no /proc, empty for no process. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return (await readFile("/proc/self/stat").catch(() => undefined)) === undefined ? "0" : "";
  // The second field is the program's name in brackets and may hold anything; the 22nd is the start.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

async function isListeningSidecar(pid: number): Promise<boolean> {
  const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  // Bit 22 stands for signal 23, SIGURG, which is caught next after SIGTERM. That one's own bit would say yes too early:
  // Node sets it as it starts, and loses a signal that comes before ours is set.
  return words.split("\0").includes("sidecar") && (BigInt(`0x${caught}`) & (1n << 22n)) !== 0n;
}
