/**
 * One look at an action: what stands there → what to write, what to report, when to look again. Pure, and safe to
 * repeat: after a crash at any point the same function, shown what is left, carries on from there. That rests on three
 * things: Pods have deterministic names, every status write holds only for the object that the decision was based on,
 * and events are keyed so that a repeated one changes nothing.
 */
import {
  abortedByAnnotation,
  abortReasonAnnotation,
  actionTypeOf,
  completedTimeLabel,
  isTerminal,
  type TaskAction,
  terminationStatusLabel,
} from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { actionPhase } from "./action-phase.ts";
import type { Pod } from "./cluster/pod-object.ts";
import { readControlState } from "./control-state.ts";
import { hasFinalizer, isBeingDeleted, ownedBy } from "./ownership.ts";
import { repeatedEvent } from "./pass-state.ts";
import { type EventDraft, nothing, type Observation, type Plan, type Write } from "./plan.ts";
import { reconcileCondition } from "./reconcile-condition.ts";
import { reconcileTask } from "./reconcile-task.ts";
import { readTask } from "./task.ts";

export function reconcile(seen: Observation): Plan {
  const { action } = seen;
  if (action.metadata.deletionTimestamp !== undefined) return planDeletion(seen);
  if (isTerminal(action)) return planFinish(seen);
  const plan = actionTypeOf(action) === "condition" ? reconcileCondition(seen) : reconcileTask(seen);
  const lost = seen.firstLook && plan.next.kind !== "needs" ? repeatedEvent(seen) : undefined;
  const strays =
    plan.next.kind === "needs"
      ? []
      : seen.strays.filter((pod) => !isBeingDeleted(pod)).map((pod): Write => ({ kind: "delete-pod", pod }));
  return {
    ...plan,
    events: lost === undefined ? plan.events : [lost, ...plan.events],
    writes: [...plan.writes, ...strays],
  };
}

/** The longest a Pod with a co-pilot may take to stop when nobody waits for its outputs any more. */
const abortGraceSeconds = 30;
/** An action must be deletable while the events service is down; its row learns of the abort all the same. */
const deletionPatienceMs = 5 * 60_000;

function planDeletion(seen: Observation): Plan {
  const { action } = seen;
  if (!hasFinalizer(action)) return nothing;
  const deletions = ownPods(seen)
    .filter((pod) => !isBeingDeleted(pod))
    .map(
      (pod): Write => ({
        kind: "delete-pod",
        pod,
        gracePeriodSeconds: Math.min(abortGraceSeconds, pod.spec.terminationGracePeriodSeconds ?? abortGraceSeconds),
      }),
    );
  const writes: Write[] = [...deletions, ...release(action), { kind: "tell-end" }, { kind: "remove-finalizer" }];
  // What has ended keeps its end: collecting a finished action is no abort.
  if (isTerminal(action)) return { events: [], writes, next: { kind: "never" } };
  return { events: [abortedEvent(seen)], writes, next: { kind: "never" } };
}

function abortedEvent(seen: Observation): EventDraft {
  const { action, pod, nowMs } = seen;
  const annotations = action.metadata.annotations ?? {};
  const by = annotations[abortedByAnnotation];
  return {
    attempt: Math.max(1, action.status?.attempts ?? 1),
    phase: ActionPhase.ABORTED,
    version: 0,
    updatedMs: nowMs,
    message: annotations[abortReasonAnnotation] ?? "aborted",
    cacheStatus: action.status?.cacheStatus ?? 0,
    gate: { patienceMs: deletionPatienceMs },
    ...(pod === undefined ? {} : { pod }),
    ...(by === undefined ? {} : { abortedBy: by }),
  };
}

/** After the terminal status: Pods, reservation, labels, finalizer. A finished action then needs nobody to be deleted. */
function planFinish(seen: Observation): Plan {
  const { action, nowMs } = seen;
  const labels = action.metadata.labels ?? {};
  const labelled = labels[terminationStatusLabel] !== undefined && labels[completedTimeLabel] !== undefined;
  if (labelled && !hasFinalizer(action)) return nothing;
  const succeeded = actionPhase(action) === ActionPhase.SUCCEEDED;
  const unwanted = (pod: Pod): boolean =>
    !isBeingDeleted(pod) &&
    (!succeeded ||
      seen.policy.deleteSucceededPods ||
      pod.status?.phase === "Running" ||
      pod.status?.phase === "Pending");
  const deletions = ownPods(seen)
    .filter(unwanted)
    .map((pod): Write => ({ kind: "delete-pod", pod }));
  // The status could not wait for its event any longer; the labels can, since they let others collect the action.
  const pending = readControlState(action)?.eventPending === true ? repeatedEvent(seen) : undefined;
  return {
    events: pending === undefined ? [] : [{ ...pending, gate: { patienceMs: Number.POSITIVE_INFINITY } }],
    writes: [...deletions, ...release(action), { kind: "finish", completedMs: completedMs(action, nowMs) }],
    next: { kind: "never" },
  };
}

/** When the action ended: the moment its terminal condition turned true, so that it is the same however often it is asked. */
function completedMs(action: TaskAction, nowMs: number): number {
  const ended = action.status?.conditions?.find(
    ({ type, status }) => status === "True" && (type === "Succeeded" || type === "Failed"),
  );
  const ms = Date.parse(ended?.lastTransitionTime ?? "");
  return Number.isNaN(ms) ? nowMs : ms;
}

function release(action: TaskAction): readonly Write[] {
  if (actionTypeOf(action) === "condition") return [];
  const reading = readTask(action);
  const { discoverable = false, serializable = false } = reading.kind === "task" ? reading.task.cache : {};
  return discoverable && serializable ? [{ kind: "release-cache" }] : [];
}

function ownPods(seen: Observation): readonly Pod[] {
  const own = seen.pod !== undefined && ownedBy(seen.pod, seen.action) ? [seen.pod] : [];
  return [...own, ...seen.strays];
}
