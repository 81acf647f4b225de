/** A Pod's status as a kubelet reports it, from the Pod and its containers' runs. Pure. */
import type { ContainerStatus, Pod, PodCondition, PodPhase, PodStatus } from "../../pod-object.ts";
import { rfc3339 } from "../objects/object-writes.ts";
import { type PodRuns, runReasons } from "./container-run.ts";
import { containerStatus, type StatusContext } from "./container-status.ts";
import {
  allContainers,
  currentRun,
  finalEnd,
  hasStarted,
  initContainers,
  isSidecar,
  nothingRuns,
  type WindDown,
  windDown,
} from "./pod-progress.ts";

export interface PodStatusOptions {
  readonly nowMs: number;
  /** False while the machine has no room for another Pod. */
  readonly admitted: boolean;
}

/**
 * The status to write. A final phase (Succeeded, Failed) is reported once no process of the Pod exists any more. Times
 * of conditions that did not change are kept from `pod.status`.
 */
export function podStatus(pod: Pod, runs: PodRuns, { nowMs, admitted }: PodStatusOptions): PodStatus {
  const ending = windDown(pod, runs, nowMs);
  const phase = phaseOf(pod, runs, nowMs);
  const context: StatusContext = { pod, runs, ending: ending !== undefined };
  const initialized = isInitialized(pod, runs);
  const hasInit = initContainers(pod).length > 0;
  const waiting = hasInit && !initialized ? "PodInitializing" : "ContainerCreating";
  const initStatuses = initContainers(pod).map((container) => containerStatus(context, container, "PodInitializing"));
  const statuses = pod.spec.containers.map((container) => containerStatus(context, container, waiting));
  const conditions = conditionsOf({ phase, admitted, initialized, initStatuses, statuses });
  return {
    ...podReason(pod, runs, phase, ending),
    phase,
    conditions: keepTimes(conditions, pod.status?.conditions ?? [], rfc3339(nowMs)),
    ...(admitted ? { startTime: pod.status?.startTime ?? rfc3339(nowMs), podIP: "127.0.0.1" } : {}),
    ...(admitted && hasInit ? { initContainerStatuses: initStatuses } : {}),
    ...(admitted ? { containerStatuses: statuses } : {}),
  };
}

/** Why the whole Pod failed, where that is not for its containers to tell; in words that Kubernetes has for it. */
function podReason(
  pod: Pod,
  runs: PodRuns,
  phase: PodPhase,
  ending: WindDown | undefined,
): Pick<PodStatus, "reason" | "message"> {
  if (ending?.cause === "deadline") {
    return { reason: "DeadlineExceeded", message: `ran longer than its ${pod.spec.activeDeadlineSeconds ?? 0} s` };
  }
  const lost = allContainers(pod).find(
    (container) => finalEnd(pod, container, currentRun(runs, container))?.reason === runReasons.serverLost,
  );
  if (phase !== "Failed" || lost === undefined) return {};
  return { reason: "NodeLost", message: `container "${lost.name}" was lost with the server that ran it` };
}

function phaseOf(pod: Pod, runs: PodRuns, nowMs: number): PodPhase {
  const ending = windDown(pod, runs, nowMs);
  if (ending !== undefined && nothingRuns(pod, runs)) {
    const succeeded = pod.spec.containers.every(
      (container) => finalEnd(pod, container, currentRun(runs, container))?.exitCode === 0,
    );
    return succeeded && ending.cause !== "deadline" ? "Succeeded" : "Failed";
  }
  const reachedMain = pod.spec.containers.every((container) => {
    const run = currentRun(runs, container);
    return run !== undefined && (run.restart > 0 || (run.state.kind !== "prepared" && run.state.kind !== "starting"));
  });
  return reachedMain ? "Running" : "Pending";
}

function isInitialized(pod: Pod, runs: PodRuns): boolean {
  // Once a main container was started, the init containers have done their part, whatever becomes of a sidecar.
  if (pod.spec.containers.some((container) => runs.has(container.name))) return true;
  return initContainers(pod).every((container) => {
    const run = currentRun(runs, container);
    return isSidecar(container) ? hasStarted(container, run) : finalEnd(pod, container, run)?.exitCode === 0;
  });
}

interface ConditionFacts {
  readonly phase: PodPhase;
  readonly admitted: boolean;
  readonly initialized: boolean;
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
}

function conditionsOf({
  phase,
  admitted,
  initialized,
  initStatuses,
  statuses,
}: ConditionFacts): readonly PodCondition[] {
  if (!admitted) {
    const message = "as many pods as the machine should start or run at once do so; this one waits for its turn";
    return [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
  }
  const notInitialized = names("containers with incomplete status", initStatuses);
  const ready = phase === "Running" && statuses.every((status) => status.ready);
  const notReady: Omit<PodCondition, "type"> =
    phase === "Succeeded"
      ? { status: "False", reason: "PodCompleted" }
      : { status: "False", reason: "ContainersNotReady", message: names("containers with unready status", statuses) };
  const readiness: Omit<PodCondition, "type"> = ready ? { status: "True" } : notReady;
  return [
    { type: "PodScheduled", status: "True" },
    initialized
      ? { type: "Initialized", status: "True", ...(phase === "Succeeded" ? { reason: "PodCompleted" } : {}) }
      : { type: "Initialized", status: "False", reason: "ContainersNotInitialized", message: notInitialized },
    { type: "Ready", ...readiness },
    { type: "ContainersReady", ...readiness },
  ];
}

function names(what: string, statuses: readonly ContainerStatus[]): string {
  return `${what}: [${statuses
    .filter((status) => !status.ready)
    .map((status) => status.name)
    .join(" ")}]`;
}

function keepTimes(next: readonly PodCondition[], old: readonly PodCondition[], now: string): readonly PodCondition[] {
  return next.map((condition) => {
    const before = old.find((other) => other.type === condition.type);
    const unchanged = before?.status === condition.status && before.lastTransitionTime !== undefined;
    return { ...condition, lastTransitionTime: (unchanged && before.lastTransitionTime) || now };
  });
}
