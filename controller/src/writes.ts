/** Carries out what reconcile wrote down. Every write may be repeated: what it finds done already is done. */
import {
  abortError,
  type Clock,
  completedTimeLabel,
  DataPlaneError,
  errorCode,
  pluginFinalizer,
  type TaskAction,
  terminatedValue,
  terminationStatusLabel,
} from "@flyte-dataplane/core";
import type { Stores } from "@flyte-dataplane/storage";
import type { CacheFlow } from "./cache-flow.ts";
import type { Cluster, MergePatch } from "./cluster/cluster.ts";
import type { Pod } from "./cluster/pod-object.ts";
import { outputPrefix } from "./events/action-event.ts";
import { removeFiles, writeEmptyOutputs } from "./files.ts";
import type { Informer } from "./informer.ts";
import type { LogArchive } from "./log-archive.ts";
import type { Observation, Write } from "./plan.ts";
import type { RunRows } from "./run-rows.ts";
import { statusPatch } from "./status.ts";
import { readTask, type Task } from "./task.ts";

export interface WriteTools {
  readonly cluster: Cluster;
  readonly actions: Informer<TaskAction>;
  readonly pods: Informer<Pod>;
  readonly stores: Stores;
  readonly rows: RunRows;
  readonly cache: CacheFlow;
  readonly archive?: LogArchive;
  readonly clock: Clock;
}

/** What a write adds to the observation of the rest of the pass. */
export type Learned = Pick<Observation, "published" | "refusal">;

const refusals: ReadonlySet<string> = new Set(["invalid_argument", "permission_denied", "resource_exhausted"]);

/**
 * Rejects with `aborted` when the object is no longer the one the decision was based on (decide again), `not_found`
 * when it is gone, and with whatever a store or the cluster has to say where it cannot be reached.
 */
export async function perform(
  write: Write,
  action: TaskAction,
  tools: WriteTools,
  signal: AbortSignal,
): Promise<Learned> {
  const { cluster, stores, cache } = tools;
  switch (write.kind) {
    case "add-finalizer":
      await patchAction(action, tools, {
        metadata: { ...precondition(action), finalizers: [...(action.metadata.finalizers ?? []), pluginFinalizer] },
      });
      return {};
    case "patch-status":
      await tools.actions.write(action.metadata.name, () =>
        cluster.taskActions.patch(action.metadata.name, statusPatch(action, write.status, tools.clock.now()), {
          subresource: "status",
          signal,
        }),
      );
      return {};
    case "create-pod":
      return await createPod(write.pod, tools, signal);
    case "delete-pod":
      await deletePod(write.pod, write.gracePeriodSeconds, action, tools, signal);
      return {};
    case "remove-files":
      await removeFiles(stores, taskOf(action).prefix, signal);
      return {};
    case "write-empty-outputs":
      await writeEmptyOutputs(stores, taskOf(action).prefix, signal);
      return {};
    case "publish-cache":
      return { published: await cache.publish(action, taskOf(action), signal) };
    case "extend-reservation":
      await cache.extend(action, taskOf(action), signal);
      return {};
    case "release-cache":
      await cache.release(action, taskOf(action), signal);
      return {};
    case "finish":
      await patchAction(action, tools, {
        metadata: {
          ...precondition(action),
          labels: { [terminationStatusLabel]: terminatedValue, [completedTimeLabel]: completedTime(write.completedMs) },
          ...withoutFinalizer(action),
        },
      });
      return {};
    case "tell-end":
      await tools.rows.tellEnd(action, signal);
      return {};
    case "remove-finalizer":
      await patchAction(action, tools, { metadata: { ...precondition(action), ...withoutFinalizer(action) } });
      return {};
  }
}

async function patchAction(action: TaskAction, { actions, cluster }: WriteTools, patch: MergePatch): Promise<void> {
  await actions.write(action.metadata.name, () => cluster.taskActions.patch(action.metadata.name, patch));
}

async function createPod(pod: Pod, { cluster, pods }: WriteTools, signal: AbortSignal): Promise<Learned> {
  const { name } = pod.metadata;
  try {
    await pods.write(name, () => cluster.pods.create(pod, { signal }));
  } catch (error) {
    const code = errorCode(error);
    if (code === "already_exists") await pods.write(name, () => cluster.pods.get(name, { signal }));
    else if (isRefusal(code)) return { refusal: { code, message: error instanceof Error ? error.message : code } };
    else throw error;
  }
  return {};
}

function isRefusal(code: string): code is "invalid_argument" | "permission_denied" | "resource_exhausted" {
  return refusals.has(code);
}

async function deletePod(
  pod: Pod,
  gracePeriodSeconds: number | undefined,
  action: TaskAction,
  tools: WriteTools,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid, labels } = pod.metadata;
  const prefix = outputPrefix(action, Number(labels?.["attempt"] ?? "1") || 1);
  if (prefix !== undefined) await tools.archive?.archive(pod, prefix, signal);
  // What a stop kept from being archived the next process archives, as long as the Pod is still there.
  if (signal.aborted) throw abortError(signal);
  try {
    await tools.cluster.pods.delete(name, {
      signal,
      ...(uid === undefined ? {} : { uid }),
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    });
  } catch (error) {
    const code = errorCode(error);
    // Gone already, or another Pod of that name by now.
    if (code !== "not_found" && code !== "aborted") throw error;
  }
}

function precondition(action: TaskAction): { readonly resourceVersion?: string } {
  const { resourceVersion } = action.metadata;
  return resourceVersion === undefined ? {} : { resourceVersion };
}

function withoutFinalizer(action: TaskAction): { readonly finalizers?: readonly string[] } {
  const { finalizers } = action.metadata;
  return finalizers === undefined ? {} : { finalizers: finalizers.filter((name) => name !== pluginFinalizer) };
}

/** `YYYY-MM-DD.HH-mm` in UTC. */
function completedTime(ms: number): string {
  const text = new Date(ms).toISOString();
  return `${text.slice(0, 10)}.${text.slice(11, 13)}-${text.slice(14, 16)}`;
}

/** Writes of this kind are only planned for actions that were read before. */
function taskOf(action: TaskAction): Task {
  const reading = readTask(action);
  if (reading.kind === "task") return reading.task;
  throw new DataPlaneError("internal", `act on ${action.metadata.name}: ${reading.failure.message}`, {
    ref: action.metadata.name,
  });
}
