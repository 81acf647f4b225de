/**
 * What the files of one run of a container say. A container's runs are numbered by its restarts; a run is started at
 * most once and, when it has ended, never changes again.
 */
import type { ProcessIdentity } from "./process-identity.ts";

export interface ContainerRun {
  /** 0 for the first run. */
  readonly restart: number;
  readonly state: RunState;
  /** When SIGTERM was sent; absent before. */
  readonly stoppedAtMs?: number;
  /** When the startup probe passed; absent before. */
  readonly probedAtMs?: number;
}

export type RunState = PreparedRun | StartingRun | RunningRun | VanishedRun | EndedRun;

/** The directory is there and no process has claimed it: starting it (again) is safe. */
export interface PreparedRun {
  readonly kind: "prepared";
}

/** A process was started but has not said yet who it is. */
export interface StartingRun {
  readonly kind: "starting";
}

export interface RunningRun {
  readonly kind: "running";
  readonly process: ProcessIdentity;
  readonly startedAtMs: number;
}

/** Its process is gone without having left an exit code; nobody wrote that down yet. */
export interface VanishedRun {
  readonly kind: "vanished";
  readonly startedAtMs?: number;
  readonly process?: ProcessIdentity;
}

export interface EndedRun {
  readonly kind: "ended";
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

/** The newest run of a container and, where there is one, the run before it. */
export interface ContainerRuns {
  readonly current: ContainerRun;
  readonly previous?: ContainerRun;
}

/** By container name; a container that was never started is absent. */
export type PodRuns = ReadonlyMap<string, ContainerRuns>;

/** Reasons of ends that Kubernetes has no own word for. The brain of the controller tells them apart by these. */
export const runReasons = {
  /** The program is not on this machine; exit code 127. */
  toolNotFound: "ContainerToolNotFound",
  /** The process vanished without an exit code (then it is 137), or was stopped together with the server. */
  serverLost: "ServerLost",
  /** The operating system refused to start the process; exit code 128. */
  startError: "StartError",
} as const;

export function endedState(run: ContainerRun | undefined): EndedRun | undefined {
  return run?.state.kind === "ended" ? run.state : undefined;
}

/** True while a process of the run exists or may still appear. */
export function mayRun(run: ContainerRun | undefined): boolean {
  return run !== undefined && run.state.kind !== "ended";
}
