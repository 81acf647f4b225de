/** The local cluster's own object store without its database, and a kubelet that does what a test says. */
import type { Clock, TaskAction } from "@flyte-dataplane/core";
import type { Cluster } from "../../src/cluster/cluster.ts";
import type { JournalBatch, ObjectJournal } from "../../src/cluster/local/objects/object-journal.ts";
import { ObjectStore } from "../../src/cluster/local/objects/object-store.ts";
import { resourceClient } from "../../src/cluster/local/objects/resource-client.ts";
import type { ContainerTerminated, Pod, PodStatus } from "../../src/cluster/pod-object.ts";
import { quiet } from "./harness.ts";

export interface MemoryCluster {
  readonly cluster: Cluster;
  /** `create Pod r1-a0-0`, `patch TaskAction r1-a0 status`, in order. */
  readonly calls: string[];
  /** Asked before each call that writes or reads; what it throws is the answer. */
  before: (call: string) => void | Promise<void>;
  /** Resolves with the Pod once it exists, or once `until` holds. */
  pod(name: string, until?: (pod: Pod) => boolean): Promise<Pod>;
  setStatus(name: string, status: PodStatus): Promise<void>;
  /** The kubelet's word that a Pod under deletion has stopped. */
  stopped(name: string): Promise<void>;
  /** Deletes the Pod and lets it go at once, as when its node vanishes. */
  vanish(name: string): Promise<void>;
}

export async function memoryCluster(clock: Clock): Promise<MemoryCluster> {
  const store = await ObjectStore.open({ journal: memoryJournal(), namespace: "flyte", clock, logger: quiet });
  const pods = resourceClient<Pod>(store, "Pod");
  const taskActions = resourceClient<TaskAction>(store, "TaskAction");
  const state: MemoryCluster = {
    calls: [],
    before: () => undefined,
    cluster: { namespace: "flyte", pods: counted("Pod", pods), taskActions: counted("TaskAction", taskActions) },
    pod: async (name, until = () => true) => {
      const deadline = Date.now() + 10_000;
      for (;;) {
        const found = await pods.get(name).catch(() => undefined);
        if (found !== undefined && until(found)) return found;
        if (Date.now() > deadline)
          throw new Error(`Pod ${name} stands at ${JSON.stringify(found?.status ?? found?.metadata ?? "absent")}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    setStatus: async (name, status) => {
      await pods.patch(name, { status }, { subresource: "status" });
    },
    stopped: async (name) => {
      const pod = await state.pod(name, ({ metadata }) => metadata.deletionTimestamp !== undefined);
      await store.confirmStopped(name, pod.metadata.uid ?? "");
    },
    vanish: async (name) => {
      const pod = await pods.get(name);
      await pods.delete(name);
      await store.confirmStopped(name, pod.metadata.uid ?? "");
    },
  };

  function counted<T extends Pod | TaskAction>(
    kind: string,
    client: ReturnType<typeof resourceClient<T>>,
  ): typeof client {
    const note = async (call: string): Promise<void> => {
      state.calls.push(call);
      await state.before(call);
    };
    return {
      ...client,
      get: async (name, options) => {
        await note(`get ${kind} ${name}`);
        return await client.get(name, options);
      },
      create: async (object, options) => {
        await note(`create ${kind} ${object.metadata.name}`);
        return await client.create(object, options);
      },
      patch: async (name, patch, options) => {
        await note(`patch ${kind} ${name}${options?.subresource === "status" ? " status" : ""}`);
        return await client.patch(name, patch, options);
      },
      delete: async (name, options) => {
        await note(`delete ${kind} ${name}`);
        await client.delete(name, options);
      },
    };
  }
  return state;
}

function memoryJournal(): ObjectJournal {
  return {
    load: async () => ({ version: 0, objects: [] }),
    append: async (_batch: JournalBatch) => undefined,
  };
}

/** The first container of the Pod as running. */
export function runningStatus(pod: Pod, startedAt: string): PodStatus {
  const name = pod.spec.containers[0]?.name ?? "";
  return {
    phase: "Running",
    startTime: startedAt,
    containerStatuses: [{ name, ready: true, started: true, restartCount: 0, state: { running: { startedAt } } }],
  };
}

/** The first container of the Pod as ended; the Pod's phase follows from its exit code. */
export function endedStatus(pod: Pod, ended: ContainerTerminated): PodStatus {
  const name = pod.spec.containers[0]?.name ?? "";
  return {
    phase: ended.exitCode === 0 ? "Succeeded" : "Failed",
    containerStatuses: [{ name, ready: false, restartCount: 0, state: { terminated: ended } }],
  };
}
