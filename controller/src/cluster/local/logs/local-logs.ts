/** Logs of the local cluster's containers. */
import { stat } from "node:fs/promises";
import { type Clock, DataPlaneError, errorCode } from "@flyte-dataplane/core";
import type { Pod } from "../../pod-object.ts";
import { listRestarts } from "../kubelet/observe-run.ts";
import { type PodDirectory, podDirectory, type RunDirectory } from "../kubelet/pod-directory.ts";
import { allContainers } from "../kubelet/pod-progress.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { contentOf } from "./content-of.ts";
import type { LogShare } from "./log-share.ts";
import type { LogStamps } from "./log-stamps.ts";
import { type LogLine, readLog } from "./read-log.ts";

export interface ReadLogsOptions {
  readonly podName: string;
  readonly container: string;
  /** Which run of the container; default the newest. */
  readonly restart?: number;
  /** Go on until the run has ended, waiting for its start if need be. Without it: what is there now. */
  readonly follow: boolean;
  readonly signal?: AbortSignal;
}

/** One run's log as it is on disk. */
export interface LogFile {
  readonly container: string;
  readonly restart: number;
  readonly bytes: number;
  /** The log's bytes that are left, or only its last `tailBytes`. */
  read(options?: { readonly tailBytes?: number; readonly signal?: AbortSignal }): AsyncIterable<Uint8Array>;
}

export interface LocalLogs {
  /**
   * Batches of lines, none empty, in order. Rejects with `not_found` when there is no such Pod or container, or the
   * asked run never was; with `canceled` once `signal` aborts.
   */
  read(options: ReadLogsOptions): AsyncIterable<readonly LogLine[]>;
  /** Every log of the Pod's containers, in the order of its containers; empty if it never started. */
  files(pod: Pod): Promise<readonly LogFile[]>;
}

export interface LocalLogsOptions {
  /** Absolute; holds one directory per Pod. */
  readonly pods: string;
  readonly store: ObjectStore;
  readonly stamps: LogStamps;
  readonly share: LogShare;
  readonly clock: Clock;
}

export function localLogs({ pods, store, stamps, share, clock }: LocalLogsOptions): LocalLogs {
  return {
    async *read({ podName, container, restart, follow, signal }) {
      const pod = podNamed(store, podName);
      if (!allContainers(pod).some(({ name }) => name === container)) throw absent(podName, container);
      const uid = pod.metadata.uid ?? "";
      const run = await awaitRun(store, podDirectory(pods, uid), { pod, container, restart, follow, signal });
      if (run === undefined) {
        if (restart === undefined) return;
        throw absent(podName, `${container}.${restart}`);
      }
      const hasEnded = async (): Promise<boolean> =>
        !isLive(store, podName, uid) || (await exists(run.exit)) || (await exists(run.failure));
      yield* readLog(run, { follow, signal, stamps, share, clock, hasEnded });
    },

    async files(pod) {
      const directory = podDirectory(pods, pod.metadata.uid ?? "");
      const found: LogFile[] = [];
      for (const { name } of allContainers(pod)) {
        for (const restart of await listRestarts(directory, name)) {
          const run = directory.run(name, restart);
          const stats = await stat(run.log).catch(() => undefined);
          if (stats === undefined) continue;
          const end = stats.size;
          found.push(logFile(name, restart, run.log, { start: Math.min(end, await share.load(run)), end }));
        }
      }
      return found;
    },
  };
}

interface AwaitRunOptions {
  readonly pod: Pod;
  readonly container: string;
  readonly restart: number | undefined;
  readonly follow: boolean;
  readonly signal: AbortSignal | undefined;
}

/** The run to read, once it is there; undefined if there is none, or none will be. */
async function awaitRun(
  store: ObjectStore,
  directory: PodDirectory,
  options: AwaitRunOptions,
): Promise<RunDirectory | undefined> {
  const { pod, container, restart, follow, signal } = options;
  const find = async (): Promise<RunDirectory | undefined> => {
    const restarts = await listRestarts(directory, container);
    const wanted = restart ?? restarts.at(-1);
    return wanted !== undefined && restarts.includes(wanted) ? directory.run(container, wanted) : undefined;
  };
  for (;;) {
    const { version } = store;
    const found = await find();
    if (found !== undefined || !follow || !isLive(store, pod.metadata.name, pod.metadata.uid ?? "")) return found;
    try {
      // A container's start changes its Pod's status, so each change is worth a look.
      for await (const { object } of store.watch("Pod", version, signal)) {
        if (object.metadata.uid === pod.metadata.uid) break;
      }
    } catch (error) {
      if (errorCode(error) !== "out_of_range") throw error;
    }
  }
}

/** True while containers of the Pod run or may yet. */
function isLive(store: ObjectStore, name: string, uid: string): boolean {
  const pod = store.get("Pod", name);
  const phase = pod?.status?.["phase"];
  return pod?.metadata.uid === uid && phase !== "Succeeded" && phase !== "Failed";
}

function podNamed(store: ObjectStore, name: string): Pod {
  const pod = store.get("Pod", name);
  if (pod === undefined)
    throw new DataPlaneError("not_found", `read log of pod "${name}": there is no such pod`, { ref: name });
  // Admission saw to it that a stored object of this kind is a Pod.
  return pod as unknown as Pod;
}

interface Extent {
  readonly start: number;
  readonly end: number;
}

function logFile(container: string, restart: number, path: string, { start, end }: Extent): LogFile {
  return {
    container,
    restart,
    bytes: end - start,
    read: ({ tailBytes, signal } = {}) =>
      contentOf(path, tailBytes === undefined ? start : Math.max(start, end - tailBytes), signal),
  };
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

function absent(podName: string, container: string): DataPlaneError {
  return new DataPlaneError("not_found", `read log of pod "${podName}": there is no container "${container}"`, {
    ref: podName,
  });
}
