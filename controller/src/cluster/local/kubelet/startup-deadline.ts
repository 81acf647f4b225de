import type { Probe } from "../../pod-object.ts";

export interface ProbeTimes {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly failureThreshold: number;
}

/** A probe's times with Kubernetes' defaults. */
export function probeTimes(probe: Probe): ProbeTimes {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1_000,
    periodMs: Math.max(1, probe.periodSeconds ?? 10) * 1_000,
    timeoutMs: Math.max(1, probe.timeoutSeconds ?? 1) * 1_000,
    failureThreshold: Math.max(1, probe.failureThreshold ?? 3),
  };
}

/**
 * When a container that never passed is given up: after as many periods as failures are allowed. Counting time and not
 * failures lets the kubelet ask more often than once a period, and go on after a restart.
 */
export function probeDeadlineMs(probe: Probe, startedAtMs: number): number {
  const { initialDelayMs, periodMs, failureThreshold } = probeTimes(probe);
  return startedAtMs + initialDelayMs + periodMs * failureThreshold;
}
