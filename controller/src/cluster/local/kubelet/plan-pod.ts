/**
 * The kubelet's one decision: from a Pod, the files of its containers and the time to what is to be done now, and when
 * to look again. It keeps nothing between calls, so it goes on after a restart of the server as if nothing had happened.
 */
import type { Container, Pod } from "../../pod-object.ts";
import { type ContainerRun, mayRun, type PodRuns } from "./container-run.ts";
import {
  allContainers,
  currentRun,
  deadlineMs,
  finalEnd,
  hasStarted,
  initContainers,
  isSidecar,
  nothingRuns,
  startupDeadlineMs,
  type WindDown,
  windDown,
} from "./pod-progress.ts";
import { restartAtMs } from "./restart-delay.ts";

export type PodStep =
  /** Start this run; it may be that it was started before and nobody noted it. */
  | { readonly do: "start"; readonly container: Container; readonly restart: number }
  /** Ask the startup probe, until it passes or the run ends. */
  | { readonly do: "probe"; readonly container: Container; readonly restart: number }
  /** Send SIGTERM, and note that it was sent. */
  | { readonly do: "terminate"; readonly container: Container; readonly restart: number }
  | { readonly do: "kill"; readonly container: Container; readonly restart: number }
  /** Make sure that a run without a process never gets one. */
  | { readonly do: "revoke"; readonly container: Container; readonly restart: number }
  /** Write down that the process is gone without an exit code; `killed` if that was our doing. */
  | { readonly do: "record-loss"; readonly container: Container; readonly restart: number; readonly killed: boolean };

export interface PodPlan {
  readonly steps: readonly PodStep[];
  /** Milliseconds since the epoch; absent if only a change can bring anything new. */
  readonly lookAtMs?: number;
  /** Nothing runs and nothing will. */
  readonly over: boolean;
}

export interface PlanOptions {
  readonly nowMs: number;
  /** False while the machine has no room for another Pod. */
  readonly admitted: boolean;
}

export function planPod(pod: Pod, runs: PodRuns, { nowMs, admitted }: PlanOptions): PodPlan {
  const ending = windDown(pod, runs, nowMs);
  const losses = vanishedRuns(pod, runs);
  if (losses.length > 0) return { steps: losses, lookAtMs: nowMs, over: false };
  if (ending !== undefined) return planEnding(pod, runs, ending, nowMs);
  if (!admitted) return { steps: [], over: false, ...earliest([deadlineMs(pod)]) };
  return planProgress(pod, runs, nowMs);
}

function vanishedRuns(pod: Pod, runs: PodRuns): readonly PodStep[] {
  return allContainers(pod).flatMap((container) => {
    const run = currentRun(runs, container);
    if (run?.state.kind !== "vanished") return [];
    return [{ do: "record-loss", container, restart: run.restart, killed: run.stoppedAtMs !== undefined } as const];
  });
}

function planProgress(pod: Pod, runs: PodRuns, nowMs: number): PodPlan {
  const steps: PodStep[] = [];
  const looks: (number | undefined)[] = [deadlineMs(pod)];
  const advance = (container: Container): void => {
    const { step, lookAtMs } = nextRun(pod, container, currentRun(runs, container), nowMs);
    if (step !== undefined) steps.push(step);
    looks.push(lookAtMs);
  };
  let reached = true;
  for (const container of initContainers(pod)) {
    const run = currentRun(runs, container);
    // What was started once is kept going, also behind a sidecar that is down for the moment.
    if (reached || run !== undefined) advance(container);
    reached &&= isSidecar(container) ? hasStarted(container, run) : finalEnd(pod, container, run)?.exitCode === 0;
  }
  for (const container of pod.spec.containers) {
    if (reached || currentRun(runs, container) !== undefined) advance(container);
  }
  return { steps, over: false, ...earliest(looks) };
}

interface NextRun {
  readonly step?: PodStep;
  readonly lookAtMs?: number;
}

/** What one container that should run needs. */
function nextRun(pod: Pod, container: Container, run: ContainerRun | undefined, nowMs: number): NextRun {
  if (run === undefined) return { step: { do: "start", container, restart: 0 } };
  const { restart } = run;
  if (run.state.kind === "prepared") return { step: { do: "start", container, restart } };
  if (run.state.kind === "ended") {
    if (finalEnd(pod, container, run) !== undefined) return {};
    const startAtMs = restartAtMs(run) ?? nowMs;
    return nowMs >= startAtMs ? { step: { do: "start", container, restart: restart + 1 } } : { lookAtMs: startAtMs };
  }
  const giveUpAtMs = startupDeadlineMs(container, run);
  if (giveUpAtMs === undefined) return {};
  if (nowMs < giveUpAtMs) return { step: { do: "probe", container, restart }, lookAtMs: giveUpAtMs };
  return stopRun(container, run, giveUpAtMs + (pod.spec.terminationGracePeriodSeconds ?? 30) * 1_000, nowMs);
}

/**
 * A SIGTERM that comes in the moment between the wrapper's word that it runs and the start of the command would be
 * swallowed by the wrapper, and the command never hear of it.
 */
const settleMs = 100;

function stopRun(container: Container, run: ContainerRun, killAtMs: number, nowMs: number): NextRun {
  const { restart } = run;
  if (run.state.kind === "prepared") return { step: { do: "revoke", container, restart } };
  // A run without identity cannot be signalled; it has one in a moment.
  if (run.state.kind !== "running") return {};
  if (nowMs >= killAtMs) return { step: { do: "kill", container, restart } };
  const settledAtMs = run.state.startedAtMs + settleMs;
  if (nowMs < settledAtMs) return { lookAtMs: Math.min(settledAtMs, killAtMs) };
  if (run.stoppedAtMs === undefined) return { step: { do: "terminate", container, restart }, lookAtMs: killAtMs };
  return { lookAtMs: killAtMs };
}

/**
 * Main containers and init containers under way are stopped together; then the sidecars one by one, the last started
 * first, so that each can rely on those before it. When the time is up, all that runs is killed.
 */
function planEnding(pod: Pod, runs: PodRuns, ending: WindDown, nowMs: number): PodPlan {
  if (nothingRuns(pod, runs)) return { steps: [], over: true };
  const running = allContainers(pod).filter((container) => mayRun(currentRun(runs, container)));
  const first = running.filter((container) => !isSidecar(container));
  const sidecars = running.filter(isSidecar);
  const timeIsUp = nowMs >= ending.killAtMs;
  const toStop = timeIsUp ? running : first.length > 0 ? first : sidecars.slice(-1);
  const steps: PodStep[] = [];
  const looks: (number | undefined)[] = [];
  for (const container of toStop) {
    const run = currentRun(runs, container);
    if (run === undefined) continue;
    const { step, lookAtMs } = stopRun(container, run, ending.killAtMs, nowMs);
    if (step !== undefined) steps.push(step);
    looks.push(lookAtMs);
  }
  return { steps, over: false, ...earliest(looks) };
}

function earliest(times: readonly (number | undefined)[]): { readonly lookAtMs?: number } {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? {} : { lookAtMs: Math.min(...known) };
}
