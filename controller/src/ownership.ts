import { pluginFinalizer, podAttemptLabel, type TaskAction } from "@flyte-dataplane/core";
import type { Pod } from "./cluster/pod-object.ts";

/** The Pod is this very action's, not one that an earlier action of the same name left behind. */
export function ownedBy(pod: Pod, action: TaskAction): boolean {
  return (
    pod.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === action.metadata.uid) ??
    false
  );
}

/** May be followed as the Pod of `attempt`. */
export function isAttempt(pod: Pod, action: TaskAction, attempt: number): boolean {
  return ownedBy(pod, action) && pod.metadata.labels?.[podAttemptLabel] === String(attempt);
}

export function isBeingDeleted(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

export function hasFinalizer(action: TaskAction): boolean {
  return action.metadata.finalizers?.includes(pluginFinalizer) ?? false;
}
