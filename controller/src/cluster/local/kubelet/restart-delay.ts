import type { ContainerRun } from "./container-run.ts";
import { endedState } from "./container-run.ts";

/** A run of this length shows that the container works: the next failure starts the back-off anew. */
const steadyMs = 600_000;
const longestDelayMs = 300_000;

/**
 * When a container may start again after `run`: at once the first time, then 10 s later, doubling up to 5 min, counted
 * from the end of the run. Undefined while it runs.
 */
export function restartAtMs(run: ContainerRun): number | undefined {
  const ended = endedState(run);
  if (ended === undefined) return undefined;
  if (run.restart === 0 || ended.finishedAtMs - ended.startedAtMs >= steadyMs) return ended.finishedAtMs;
  return ended.finishedAtMs + Math.min(10_000 * 2 ** (run.restart - 1), longestDelayMs);
}
