/** Reads the files of a run. */
import { open, readdir, readFile, stat } from "node:fs/promises";
import type { Container } from "../../pod-object.ts";
import { type ContainerRun, type ContainerRuns, type EndedRun, type RunState, runReasons } from "./container-run.ts";
import type { PodDirectory, RunDirectory } from "./pod-directory.ts";
import { isAlive, parseIdentity } from "./process-identity.ts";

/** What the server that reads knows of the process it started itself. */
export type SpawnedProcess = "alive" | "exited" | "unknown";

/** What the kubelet writes for a run that has no exit code of its own. */
export interface RunFailure {
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly atMs: number;
}

/** The newest two runs of `container`, or undefined if it was never started. */
export async function observeContainer(
  pod: PodDirectory,
  container: Container,
  spawned: (restart: number) => SpawnedProcess,
  nowMs: number,
): Promise<ContainerRuns | undefined> {
  const restarts = await listRestarts(pod, container.name);
  const newest = restarts.at(-1);
  if (newest === undefined) return undefined;
  const current = await observeRun(pod.run(container.name, newest), newest, container, spawned(newest), nowMs);
  if (newest === 0) return { current };
  const previous = await observeRun(pod.run(container.name, newest - 1), newest - 1, container, "unknown", nowMs);
  return { current, previous };
}

/** Numbers of the runs of a container, ascending. */
export async function listRestarts(pod: PodDirectory, container: string): Promise<readonly number[]> {
  const names = await readdir(pod.container(container)).catch(absent);
  return (names ?? [])
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

async function observeRun(
  run: RunDirectory,
  restart: number,
  container: Container,
  spawned: SpawnedProcess,
  nowMs: number,
): Promise<ContainerRun> {
  const [state, stoppedAtMs, probedAtMs] = await Promise.all([
    observeState(run, container, spawned, nowMs),
    readTime(run.stop),
    readTime(run.probed),
  ]);
  return {
    restart,
    state,
    ...(stoppedAtMs === undefined ? {} : { stoppedAtMs }),
    ...(probedAtMs === undefined ? {} : { probedAtMs }),
  };
}

/** A claim without identity is a matter of microseconds; after this long its process died in between. */
const longestClaimMs = 30_000;

async function observeState(
  run: RunDirectory,
  container: Container,
  spawned: SpawnedProcess,
  nowMs: number,
): Promise<RunState> {
  const ended = await observeEnd(run, container);
  if (ended !== undefined) return ended;
  const claimedAtMs = await modifiedAt(run.started);
  if (claimedAtMs === undefined) {
    if (spawned === "alive") return { kind: "starting" };
    return spawned === "exited" ? { kind: "vanished" } : { kind: "prepared" };
  }
  const identity = parseIdentity((await readText(run.identity)) ?? "");
  if (identity === undefined) {
    return nowMs - claimedAtMs < longestClaimMs ? { kind: "starting" } : { kind: "vanished", startedAtMs: claimedAtMs };
  }
  if (await isAlive(identity)) return { kind: "running", process: identity, startedAtMs: claimedAtMs };
  // It may have written its exit code after we looked and before it died.
  return (await observeEnd(run, container)) ?? { kind: "vanished", startedAtMs: claimedAtMs, process: identity };
}

async function observeEnd(run: RunDirectory, container: Container): Promise<EndedRun | undefined> {
  const exit = await readText(run.exit);
  if (exit?.endsWith("\n") === true) {
    const exitCode = Number.parseInt(exit, 10);
    const finishedAtMs = (await modifiedAt(run.exit)) ?? 0;
    const startedAtMs = (await modifiedAt(run.started)) ?? finishedAtMs;
    const message = await terminationMessage(run, container, exitCode);
    const wasReaped = exitCode !== 0 && (await modifiedAt(run.reaped)) !== undefined;
    const reason = wasReaped ? runReasons.serverLost : exitCode === 0 ? "Completed" : "Error";
    return { kind: "ended", exitCode, reason, startedAtMs, finishedAtMs, ...(message === "" ? {} : { message }) };
  }
  const failure = parseFailure(await readText(run.failure));
  if (failure === undefined) return undefined;
  const { exitCode, reason, message, atMs } = failure;
  const startedAtMs = (await modifiedAt(run.started)) ?? atMs;
  return { kind: "ended", exitCode, reason, message, startedAtMs: Math.min(startedAtMs, atMs), finishedAtMs: atMs };
}

/** As much of a message as Kubernetes keeps: the file's first 4,096 bytes, or the log's last 2,048. */
async function terminationMessage(run: RunDirectory, container: Container, exitCode: number): Promise<string> {
  const message = await readPart(run.message, "start", 4_096);
  const wantsLog = container.terminationMessagePolicy === "FallbackToLogsOnError" && exitCode !== 0;
  return message === "" && wantsLog ? await readPart(run.log, "end", 2_048) : message;
}

/** At most `bytes` of a file as text; empty if it is not there. Bytes that are not UTF-8 become replacement characters. */
async function readPart(path: string, from: "start" | "end", bytes: number): Promise<string> {
  const file = await open(path).catch(absent);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from === "start" ? 0 : size - buffer.length);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The file's text, or undefined if there is none. */
async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(absent);
}

async function readTime(path: string): Promise<number | undefined> {
  const text = await readText(path);
  return text?.endsWith("\n") === true ? Number.parseInt(text, 10) : undefined;
}

async function modifiedAt(path: string): Promise<number | undefined> {
  const stats = await stat(path).catch(absent);
  return stats === undefined ? undefined : Math.floor(stats.mtimeMs);
}

function parseFailure(text: string | undefined): RunFailure | undefined {
  if (text?.endsWith("\n") !== true) return undefined;
  // The kubelet wrote it whole, with the line end last.
  return JSON.parse(text) as RunFailure;
}

function absent(error: unknown): undefined {
  if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
    return undefined;
  throw error;
}
