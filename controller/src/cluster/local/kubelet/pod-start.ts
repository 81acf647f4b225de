/** When a Pod has started, as far as the machine's load is concerned. */
import type { Container, Pod } from "../../pod-object.ts";
import type { PodRuns, RunState } from "./container-run.ts";
import { currentRun } from "./pod-progress.ts";

/** Program of a container, as the Pod names it → how long it is busy loading after its start, in milliseconds. */
export type WarmUps = Readonly<Record<string, number>>;

/**
 * A start that takes longer than this does not hold up others any more: it waits for something, be it gigabytes of
 * inputs or a program that never gets ready, rather than compute.
 */
export const longestStartMs = 30_000;

export interface PodStartOptions {
  readonly admittedAtMs: number;
  readonly warmUps: WarmUps;
}

/**
 * From then on another Pod may start, in milliseconds since the epoch: once every main container runs and has loaded,
 * as far as anybody can tell from outside, or has ended.
 */
export function startOverAtMs(pod: Pod, runs: PodRuns, { admittedAtMs, warmUps }: PodStartOptions): number {
  const latest = admittedAtMs + longestStartMs;
  const loaded = pod.spec.containers.map((container) =>
    loadedAtMs(currentRun(runs, container)?.state, warmUpOf(container, warmUps)),
  );
  return Math.min(latest, Math.max(...loaded.map((time) => time ?? latest)));
}

function loadedAtMs(state: RunState | undefined, warmUpMs: number): number | undefined {
  switch (state?.kind) {
    case "running":
      return state.startedAtMs + warmUpMs;
    case "ended":
      return state.finishedAtMs;
    case "vanished":
      return state.startedAtMs;
    default:
      return undefined;
  }
}

function warmUpOf({ command = [], args = [] }: Container, warmUps: WarmUps): number {
  return warmUps[[...command, ...args][0] ?? ""] ?? 0;
}
