/** Pods by the action that owns them, so that no pass searches all Pods. */
import type { TaskAction } from "@flyte-dataplane/core";
import type { Pod } from "./cluster/pod-object.ts";
import type { Informer } from "./informer.ts";

export interface PodIndex {
  ownedBy(action: TaskAction): readonly Pod[];
}

export function createPodIndex(pods: Informer<Pod>): PodIndex {
  const names = new Map<string, Set<string>>();
  pods.subscribe(({ type, object }) => {
    const owner = ownerUid(object);
    if (owner === undefined) return;
    const known = names.get(owner) ?? new Set();
    if (type === "deleted") known.delete(object.metadata.name);
    else known.add(object.metadata.name);
    if (known.size === 0) names.delete(owner);
    else names.set(owner, known);
  });
  return {
    ownedBy: (action) => {
      const uid = action.metadata.uid;
      const found = [...(names.get(uid ?? "") ?? [])].map((name) => pods.get(name));
      return found.filter((pod): pod is Pod => pod !== undefined && ownerUid(pod) === uid);
    },
  };
}

function ownerUid(pod: Pod): string | undefined {
  return pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}
