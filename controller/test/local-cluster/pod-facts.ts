/** Pods and what the files of their containers say, for the kubelet's pure parts. */

import type { ContainerRun, ContainerRuns, RunState } from "../../src/cluster/local/kubelet/container-run.ts";
import type { Container, Pod, PodSpec } from "../../src/cluster/pod-object.ts";

const t0 = Date.parse("2026-01-01T00:00:00Z");
export const at = (seconds: number): number => t0 + seconds * 1_000;

interface PodFacts extends Partial<PodSpec> {
  readonly deletedAt?: number;
  readonly grace?: number;
}

export function aPod({ deletedAt, grace = 30, ...spec }: PodFacts = {}): Pod {
  const deletion =
    deletedAt === undefined
      ? {}
      : { deletionTimestamp: new Date(at(deletedAt + grace)).toISOString(), deletionGracePeriodSeconds: grace };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", uid: "u", ...deletion },
    spec: { restartPolicy: "Never", terminationGracePeriodSeconds: 30, containers: [{ name: "main" }], ...spec },
    status: { startTime: new Date(t0).toISOString() },
  };
}

export const sidecar = (name: string, rest: Partial<Container> = {}): Container => ({
  name,
  restartPolicy: "Always",
  ...rest,
});
export const probe = { exec: { command: ["true"] }, periodSeconds: 10, failureThreshold: 3 };

export const running: RunState = { kind: "running", process: { pid: 42, start: "1" }, startedAtMs: t0 };
export const prepared: RunState = { kind: "prepared" };
export const ended = (exitCode: number, second: number, reason = exitCode === 0 ? "Completed" : "Error"): RunState => ({
  kind: "ended",
  exitCode,
  reason,
  startedAtMs: t0,
  finishedAtMs: at(second),
});

export type Runs = Readonly<Record<string, RunState | ContainerRun>>;

export function runsOf(runs: Runs): ReadonlyMap<string, ContainerRuns> {
  return new Map(
    Object.entries(runs).map(([name, run]) => [name, { current: "kind" in run ? { restart: 0, state: run } : run }]),
  );
}
