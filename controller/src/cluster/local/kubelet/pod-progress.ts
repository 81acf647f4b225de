/** How far a Pod has come, read off its containers' runs: the questions that both the plan and the status ask. */
import type { Container, Pod } from "../../pod-object.ts";
import { type ContainerRun, type EndedRun, endedState, mayRun, type PodRuns, runReasons } from "./container-run.ts";
import { probeDeadlineMs } from "./startup-deadline.ts";

export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

export function initContainers(pod: Pod): readonly Container[] {
  return pod.spec.initContainers ?? [];
}

export function allContainers(pod: Pod): readonly Container[] {
  return [...initContainers(pod), ...pod.spec.containers];
}

export function currentRun(runs: PodRuns, container: Container): ContainerRun | undefined {
  return runs.get(container.name)?.current;
}

/** Running, and past its startup probe where it has one. */
export function hasStarted(container: Container, run: ContainerRun | undefined): boolean {
  if (run?.state.kind !== "running") return false;
  return container.startupProbe === undefined || run.probedAtMs !== undefined;
}

/** The last end of a container that will not be started again; undefined while it may run. */
export function finalEnd(pod: Pod, container: Container, run: ContainerRun | undefined): EndedRun | undefined {
  const ended = endedState(run);
  if (ended === undefined) return undefined;
  // Starting again cannot bring a program into being.
  if (ended.reason === runReasons.toolNotFound) return ended;
  if (isSidecar(container)) return undefined;
  const isInit = initContainers(pod).includes(container);
  switch (pod.spec.restartPolicy) {
    case "Never":
      return ended;
    case "OnFailure":
      return ended.exitCode === 0 ? ended : undefined;
    default:
      return isInit && ended.exitCode === 0 ? ended : undefined;
  }
}

/** The end of the init container that keeps the Pod from ever reaching its main containers. */
function initFailure(pod: Pod, runs: PodRuns): EndedRun | undefined {
  for (const container of initContainers(pod)) {
    const end = finalEnd(pod, container, currentRun(runs, container));
    if (end !== undefined && end.exitCode !== 0) return end;
  }
  return undefined;
}

/** When the last main container ended for good; undefined while one has not. */
function mainsEndedAtMs(pod: Pod, runs: PodRuns): number | undefined {
  let latest = 0;
  for (const container of pod.spec.containers) {
    const end = finalEnd(pod, container, currentRun(runs, container));
    if (end === undefined) return undefined;
    latest = Math.max(latest, end.finishedAtMs);
  }
  return latest;
}

/** Why and since when a Pod is on its way out. */
export interface WindDown {
  readonly cause: "completed" | "init-failed" | "deadline" | "deleted";
  readonly sinceMs: number;
  /** What still runs then is killed. */
  readonly killAtMs: number;
}

/** Undefined while the Pod should go on. */
export function windDown(pod: Pod, runs: PodRuns, nowMs: number): WindDown | undefined {
  const graceMs = (pod.spec.terminationGracePeriodSeconds ?? 30) * 1_000;
  const natural = naturalEnd(pod, runs, nowMs);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
  if (deletionTimestamp === undefined) return natural && { ...natural, killAtMs: natural.sinceMs + graceMs };
  const killAtMs = Date.parse(deletionTimestamp);
  const deletedAtMs = killAtMs - deletionGracePeriodSeconds * 1_000;
  if (natural === undefined || natural.sinceMs > deletedAtMs)
    return { cause: "deleted", sinceMs: deletedAtMs, killAtMs };
  return { ...natural, killAtMs: Math.min(killAtMs, natural.sinceMs + graceMs) };
}

function naturalEnd(pod: Pod, runs: PodRuns, nowMs: number): Omit<WindDown, "killAtMs"> | undefined {
  const failedAtMs = initFailure(pod, runs)?.finishedAtMs;
  const sinceMs = failedAtMs ?? mainsEndedAtMs(pod, runs);
  const deadline = deadlineMs(pod);
  // What ended after the deadline ended because of it.
  if (deadline !== undefined && (sinceMs ?? nowMs) >= deadline) return { cause: "deadline", sinceMs: deadline };
  if (sinceMs === undefined) return undefined;
  return { cause: failedAtMs === undefined ? "completed" : "init-failed", sinceMs };
}

/** When the Pod has used up its `activeDeadlineSeconds`, counted from its start. */
export function deadlineMs(pod: Pod): number | undefined {
  const { activeDeadlineSeconds } = pod.spec;
  const { startTime } = pod.status ?? {};
  if (activeDeadlineSeconds === undefined || startTime === undefined) return undefined;
  return Date.parse(startTime) + activeDeadlineSeconds * 1_000;
}

/** True once no process of the Pod exists and none can appear. */
export function nothingRuns(pod: Pod, runs: PodRuns): boolean {
  return !allContainers(pod).some((container) => mayRun(currentRun(runs, container)));
}

/** When a container that did not pass its startup probe is given up; undefined if it passed or has none. */
export function startupDeadlineMs(container: Container, run: ContainerRun | undefined): number | undefined {
  if (run?.state.kind !== "running" || container.startupProbe === undefined || run.probedAtMs !== undefined)
    return undefined;
  return probeDeadlineMs(container.startupProbe, run.state.startedAtMs);
}
