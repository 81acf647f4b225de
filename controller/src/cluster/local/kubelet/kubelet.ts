/** Keeps one worker per Pod that has not ended, from the store's list and watch. */
import { errorCode, type Logger } from "@flyte-dataplane/core";
import type { Pod, PodStatus } from "../../pod-object.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { StoredObject } from "../objects/stored-object.ts";
import { PodWorker, type PodWorkerOptions } from "./pod-worker.ts";
import { reapPods } from "./reap-pods.ts";

export interface KubeletOptions extends Omit<PodWorkerOptions, "report" | "stopped" | "depthOf"> {
  readonly store: ObjectStore;
  readonly logger: Logger;
}

export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #workers = new Map<string, RunningWorker>();

  constructor(options: KubeletOptions) {
    this.#options = options;
  }

  /**
   * Runs Pods until `signal` aborts; their processes then go on, and whoever runs next on the same directory takes them
   * over. Processes of Pods that are no longer stored are killed first.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    const known = new Set(store.list("Pod").map((pod) => pod.metadata.uid));
    await reapPods(this.#options.pods, { clock: this.#options.clock, graceMs: 0, spare: known });
    while (!signal.aborted) {
      const { version } = store;
      // The eldest first, as they stood in the queue of the server before.
      for (const pod of [...store.list("Pod")].sort(byAge)) this.#see(pod, signal);
      try {
        for await (const { type, object } of store.watch("Pod", version, signal)) {
          if (type === "DELETED") this.#workers.get(object.metadata.uid)?.stop();
          else this.#see(object, signal);
        }
        break;
      } catch (error) {
        if (signal.aborted) break;
        // Too far behind: what was missed shows in the list.
        if (errorCode(error) !== "out_of_range") throw error;
      }
    }
    for (const worker of this.#workers.values()) worker.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.ended));
  }

  #see(object: StoredObject, signal: AbortSignal): void {
    const pod = asPod(object);
    const known = this.#workers.get(object.metadata.uid);
    if (known !== undefined) known.worker.update(pod);
    else if (!hasEnded(pod) && !signal.aborted) this.#employ(pod, object.metadata.uid);
  }

  #employ(pod: Pod, uid: string): void {
    const stopping = new AbortController();
    const worker = new PodWorker(pod, {
      ...this.#options,
      report: (seen, status, signal) => this.#report(seen, status, signal),
      stopped: (seen, signal) => this.#options.store.confirmStopped(seen.metadata.name, uid, { signal }),
      depthOf: (seen) => depthOf(this.#options.store, seen),
    });
    const ended = worker.run(stopping.signal).finally(() => this.#workers.delete(uid));
    this.#workers.set(uid, { worker, ended, stop: () => stopping.abort() });
  }

  async #report(pod: Pod, status: PodStatus, signal: AbortSignal): Promise<Pod | undefined> {
    const patch = { metadata: { uid: pod.metadata.uid }, status };
    try {
      return asPod(await this.#options.store.patch("Pod", pod.metadata.name, patch, { subresource: "status", signal }));
    } catch (error) {
      // Removed, or another Pod of that name by now: nobody wants to know.
      if (errorCode(error) !== "not_found" && errorCode(error) !== "aborted") throw error;
      return undefined;
    }
  }
}

function byAge(a: StoredObject, b: StoredObject): number {
  return Date.parse(a.metadata.creationTimestamp ?? "") - Date.parse(b.metadata.creationTimestamp ?? "");
}

interface RunningWorker {
  readonly worker: PodWorker;
  readonly ended: Promise<void>;
  stop(): void;
}

function asPod(object: StoredObject): Pod {
  // Admission saw to it that a stored object of this kind is a Pod.
  return object as unknown as Pod;
}

/** True for a Pod that was reported ended, unless its deletion still waits for the word that nothing runs. */
function hasEnded({ status, metadata }: Pod): boolean {
  if (status?.phase !== "Succeeded" && status?.phase !== "Failed") return false;
  return metadata.deletionTimestamp === undefined || metadata.deletionGracePeriodSeconds === 0;
}

/** How many actions stand above the one that owns the Pod. */
function depthOf(store: ObjectStore, pod: Pod): number {
  let depth = 0;
  let owner = store.withUid(pod.metadata.ownerReferences?.[0]?.uid ?? "");
  while (owner !== undefined && depth < deepestNesting) {
    owner = store.withUid(owner.metadata.ownerReferences?.[0]?.uid ?? "");
    if (owner !== undefined) depth += 1;
  }
  return depth;
}

/** Against owner references that form a circle. */
const deepestNesting = 1_000;
