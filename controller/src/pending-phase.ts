/** Why a Pod has not started: the conditions of its status in order, first match decides (contract 6.10, Pending). */
import type { ContainerStatus, Pod, PodCondition } from "./cluster/pod-object.ts";
import { type Failure, systemFailure, userFailure } from "./failure.ts";
import type { PodKnowledge, Verdict } from "./verdict.ts";

export function pendingVerdict(pod: Pod, knowledge: PodKnowledge): Verdict {
  const verdict = byCondition(pod, knowledge);
  const { nowMs, grace } = knowledge;
  if (verdict.kind !== "live" || grace.pending <= 0) return verdict;
  const limitMs = timeOf(pod.metadata.creationTimestamp, nowMs) + grace.pending;
  if (nowMs >= limitMs)
    return failure(
      systemFailure(
        "PodPendingTimeout",
        `the Pod was pending for more than ${grace.pending / 1000}s; ${verdict.reason}`,
      ),
    );
  return { ...verdict, lookAgainAtMs: Math.min(limitMs, verdict.lookAgainAtMs ?? limitMs) };
}

function byCondition(pod: Pod, knowledge: PodKnowledge): Verdict {
  for (const condition of pod.status?.conditions ?? []) {
    const unscheduled =
      condition.type === "Unschedulable" || (condition.type === "PodScheduled" && condition.status === "False");
    if (unscheduled) {
      const reason = `${condition.reason ?? ""}:${condition.message ?? ""}`;
      return {
        kind: "live",
        phase: condition.reason === "Unschedulable" ? "PhaseWaitingForResources" : "PhaseQueued",
        reason,
      };
    }
    if (condition.type === "Ready" && condition.status === "False") {
      const status = firstWaiting(pod);
      if (status !== undefined) return waitingVerdict(condition, status, knowledge);
    }
  }
  return { kind: "live", phase: "PhaseQueued", reason: "Scheduling" };
}

function firstWaiting(pod: Pod): ContainerStatus | undefined {
  const waiting = (status: ContainerStatus): boolean => status.state?.waiting !== undefined;
  const init = pod.status?.initContainerStatuses?.find(waiting);
  return init ?? pod.status?.containerStatuses?.find((status) => !status.ready && waiting(status));
}

const patient = new Set(["ErrImagePull", "ContainerCreating", "PodInitializing"]);

function waitingVerdict(condition: PodCondition, status: ContainerStatus, { nowMs, grace }: PodKnowledge): Verdict {
  const reason = status.state?.waiting?.reason ?? "";
  const text = status.state?.waiting?.message ?? "";
  const code = `${condition.reason ?? ""}|${reason}`;
  const message = `${condition.message ?? ""}|${text}`;
  const initializing = (lookAgainAtMs?: number): Verdict => ({
    kind: "live",
    phase: "PhaseInitializing",
    reason: `[${code}]: ${message}`,
    ...(lookAgainAtMs === undefined ? {} : { lookAgainAtMs }),
  });
  const after = (graceMs: number, late: (message: string) => Failure): Verdict => {
    const endMs = timeOf(condition.lastTransitionTime, nowMs) + graceMs;
    if (nowMs < endMs) return initializing(endMs);
    return failure(late(graceMs > 0 ? `Grace period [${duration(graceMs)}] exceeded|${message}` : message));
  };

  if (patient.has(reason)) {
    // A pull that keeps failing without ever being called back-off is one all the same.
    if (reason === "ErrImagePull") return after(grace.imagePullBackOff, (late) => pullFailure(code, late));
    return initializing();
  }
  if (reason === "ImagePullBackOff") return after(grace.imagePullBackOff, (late) => pullFailure(code, late));
  if (reason === "CreateContainerError")
    return after(grace.createContainerError, (late) => userFailure(code, late, "none"));
  if (reason === "CreateContainerConfigError")
    return after(grace.createContainerConfigError, (late) => userFailure(code, late, "none"));
  if (reason === "InvalidImageName") return failure(userFailure(code, message, "none"));
  return failure(systemFailure(code, message));
}

function pullFailure(code: string, message: string): Failure {
  return message.includes("429 Too Many Requests") ? systemFailure(code, message) : userFailure(code, message);
}

function failure(reason: Failure): Verdict {
  return { kind: "failure", failure: reason, files: false };
}

function timeOf(text: string | undefined, otherwise: number): number {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? otherwise : ms;
}

/** `3m0s`, as Go prints durations of whole seconds. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (h > 0) return `${h}h${m}m${s}s`;
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}
