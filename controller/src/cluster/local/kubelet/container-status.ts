import type { Container, ContainerState, ContainerStatus, ContainerTerminated, Pod } from "../../pod-object.ts";
import { rfc3339 } from "../objects/object-writes.ts";
import { type ContainerRun, type EndedRun, endedState, type PodRuns } from "./container-run.ts";
import { currentRun, finalEnd, hasStarted, initContainers, isSidecar } from "./pod-progress.ts";
import { restartAtMs } from "./restart-delay.ts";

export interface StatusContext {
  readonly pod: Pod;
  readonly runs: PodRuns;
  /** The Pod is on its way out: nothing is started any more. */
  readonly ending: boolean;
}

/** Why a container that was not started yet waits, in Kubernetes' words. */
export type WaitingReason = "PodInitializing" | "ContainerCreating";

/** A container's status as a kubelet reports it. */
export function containerStatus(context: StatusContext, container: Container, waiting: WaitingReason): ContainerStatus {
  const run = currentRun(context.runs, container);
  const started = hasStarted(container, run);
  const isPlainInit = initContainers(context.pod).includes(container) && !isSidecar(container);
  // While a restart is waited for, the end that led to it is the last state.
  const last = willRestart(context, container, run) ? run : context.runs.get(container.name)?.previous;
  const lastEnd = endedState(last);
  return {
    name: container.name,
    image: container.image ?? "",
    ...(run === undefined ? {} : { containerID: containerId(context.pod, container, run) }),
    ready: started || (isPlainInit && endedState(run)?.exitCode === 0),
    started,
    restartCount: run?.restart ?? 0,
    state: containerState(context, container, run, waiting),
    ...(last === undefined || lastEnd === undefined
      ? {}
      : { lastState: { terminated: terminated(context.pod, container, last, lastEnd) } }),
  };
}

function containerState(
  context: StatusContext,
  container: Container,
  run: ContainerRun | undefined,
  waiting: WaitingReason,
): ContainerState {
  switch (run?.state.kind) {
    case undefined:
      return { waiting: { reason: waiting } };
    case "prepared":
    case "starting":
      return { waiting: { reason: "ContainerCreating" } };
    case "running":
    case "vanished": {
      const { startedAtMs } = run.state;
      return startedAtMs === undefined
        ? { waiting: { reason: "ContainerCreating" } }
        : { running: { startedAt: rfc3339(startedAtMs) } };
    }
    case "ended":
      if (!willRestart(context, container, run))
        return { terminated: terminated(context.pod, container, run, run.state) };
      return { waiting: { reason: "CrashLoopBackOff", message: `starts again at ${rfc3339(restartAtMs(run) ?? 0)}` } };
  }
}

function willRestart({ pod, ending }: StatusContext, container: Container, run: ContainerRun | undefined): boolean {
  return !ending && endedState(run) !== undefined && finalEnd(pod, container, run) === undefined;
}

function terminated(pod: Pod, container: Container, run: ContainerRun, end: EndedRun): ContainerTerminated {
  return {
    exitCode: end.exitCode,
    reason: end.reason,
    ...(end.message === undefined ? {} : { message: end.message }),
    startedAt: rfc3339(end.startedAtMs),
    finishedAt: rfc3339(end.finishedAtMs),
    containerID: containerId(pod, container, run),
  };
}

/** `local://<Pod's uid>/<container>/<restart>`. */
function containerId(pod: Pod, container: Container, run: ContainerRun): string {
  return `local://${pod.metadata.uid ?? ""}/${container.name}/${run.restart}`;
}
