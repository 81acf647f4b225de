/**
 * A cluster on one machine behind the same port as Kubernetes: objects in PostgreSQL, Pods as process groups under
 * `<directory>/pods`. One server at a time.
 */
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { abortError, type Clock, type Env, type Logger, type TaskAction } from "@flyte-dataplane/core";
import { type Database, migrate } from "@flyte-dataplane/runtime/database";
import type { Loop } from "@flyte-dataplane/runtime/server";
import type { Cluster } from "../cluster.ts";
import type { Pod } from "../pod-object.ts";
import type { ContainerVariables } from "./kubelet/container-environment.ts";
import type { Programs } from "./kubelet/container-launch.ts";
import { Kubelet } from "./kubelet/kubelet.ts";
import { type PodLimits, PodSlots } from "./kubelet/pod-slots.ts";
import type { WarmUps } from "./kubelet/pod-start.ts";
import { collectPodDirectories, reapPods } from "./kubelet/reap-pods.ts";
import { type Requirement, Requirements } from "./kubelet/requirements.ts";
import { tidyPodDirectories } from "./kubelet/tidy-pod-directories.ts";
import { type LocalLogs, localLogs } from "./logs/local-logs.ts";
import { LogShare } from "./logs/log-share.ts";
import { LogStamps } from "./logs/log-stamps.ts";
import { databaseJournal } from "./objects/database-journal.ts";
import { localClusterMigrations, localClusterSchema } from "./objects/migrations.ts";
import { ObjectStore } from "./objects/object-store.ts";
import { resourceClient } from "./objects/resource-client.ts";
import { takeWriterLock } from "./objects/writer-lock.ts";
import { plainDirectory } from "./plain-directory.ts";

export interface LocalClusterOptions {
  readonly database: Database;
  /** Absolute; Pods live in `pods` below it. */
  readonly directory: string;
  /** Absolute; a link is made below it when `directory` cannot stand unquoted in a shell command. */
  readonly temporary: string;
  /** Paths of programs in images → the words that start them here, for instance `/bin/flyte-copilot`. */
  readonly programs: Programs;
  /** Of those programs, what some need beside themselves; where it is missing the task fails and says so. */
  readonly requirements?: Readonly<Record<string, Requirement>>;
  /** Of those programs, how long some compute after their start before they are any use; others wait for that. */
  readonly warmUps?: WarmUps;
  /** The server's environment; containers get PATH, HOME and LANG of it. */
  readonly environment: Env;
  /**
   * Variables of a container, unless its Pod says otherwise. Asked when a container starts: a Pod may be older than
   * the server that starts it, and a secret has no place in a Pod.
   */
  readonly containerVariables?: ContainerVariables;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default `flyte`. */
  readonly namespace?: string;
  /** Pods that start at once, warm-up included; default twice the processors, at least 4. */
  readonly starts?: number;
  /** Pods that run at once at one depth of nesting; default as many as half of the memory holds, at least 16. */
  readonly concurrency?: number;
  /** How much of the disk the log of a container may take; its oldest part is given back. Default 0: as much as there is. */
  readonly logBytes?: number;
  /** How long to wait for another server's lock to go; default 3,000 ms. */
  readonly lockWaitMs?: number;
  /** How long directories of Pods that are gone stay, with their logs; default 7 days. Looked for every half hour. */
  readonly keepPodDirectoriesMs?: number;
}

export interface LocalCluster extends Cluster {
  /** The kubelet and its broom: nothing runs unless these loops do. They reject when another server took the database over. */
  readonly loops: readonly Loop[];
  readonly logs: LocalLogs;
  /**
   * For good, once the loops have ended: stops every container, killing what still runs after `graceMs`. Without it
   * containers outlive the server, and the next one takes them over. Returns how many ran.
   */
  stopContainers(options: { readonly graceMs: number }): Promise<number>;
  /** Removes directories of Pods that are gone and ended at least `olderThanMs` ago; returns how many. */
  collectGarbage(options: { readonly olderThanMs: number }): Promise<number>;
  /** Finishes writes under way and gives the lock back. The database stays open. */
  close(): Promise<void>;
}

/**
 * Rejects with `failed_precondition` when another server runs on this database, `invalid_argument` for a directory that
 * `requirePlainDirectory` refuses.
 */
export async function createLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { database, clock, logger, namespace = "flyte" } = options;
  const root = plainDirectory(options);
  await mkdir(join(options.directory, podsFolder), { recursive: true, mode: 0o700 });
  await root.keep();
  const pods = join(root.path, podsFolder);
  const journal = databaseJournal(database, randomUUID());
  const lock = await takeWriterLock({ database, clock, waitMs: options.lockWaitMs ?? 3_000 }, () => journal.isWriter());
  try {
    await migrate(database, localClusterSchema, localClusterMigrations);
    const store = await ObjectStore.open({ journal, namespace, clock, logger });
    lock.lost.addEventListener("abort", () => store.fail(abortError(lock.lost)), { once: true });
    const share = new LogShare(options.logBytes ?? 0, logger);
    const stamps = new LogStamps(clock, logger, share);
    const kubelet = new Kubelet({
      pods,
      programs: options.programs,
      requirements: new Requirements(options.requirements ?? {}),
      warmUps: options.warmUps ?? {},
      environment: options.environment,
      containerVariables: options.containerVariables ?? (() => ({})),
      slots: new PodSlots(podLimits(options)),
      stamps,
      store,
      clock,
      logger,
    });
    const collect = (olderThanMs: number): Promise<number> =>
      collectPodDirectories(pods, {
        clock,
        olderThanMs,
        spare: new Set(store.list("Pod").map((pod) => pod.metadata.uid)),
      });
    const keepMs = options.keepPodDirectoriesMs ?? sevenDaysMs;
    const tidy = async (): Promise<number> => {
      await root.keep();
      return await collect(keepMs);
    };
    const tidying = { collect: tidy, intervalMs: halfHourMs, clock, logger };
    return {
      namespace,
      taskActions: resourceClient<TaskAction>(store, "TaskAction"),
      pods: resourceClient<Pod>(store, "Pod"),
      logs: localLogs({ pods, store, stamps, share, clock }),
      loops: [
        { name: "local-kubelet", run: (signal) => runKubelet(kubelet, signal, lock.lost) },
        {
          name: "local-pod-directories",
          run: (signal) => tidyPodDirectories(tidying, AbortSignal.any([signal, lock.lost])),
        },
      ],
      stopContainers: ({ graceMs }) => reapPods(pods, { clock, graceMs, spare: new Set() }),
      collectGarbage: ({ olderThanMs }) => collect(olderThanMs),
      close: async () => {
        await stamps.close();
        await store.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * Stops what a server that is gone left running under `directory`, as `LocalCluster.stopContainers` does; needs no
 * database. Returns how many containers ran.
 */
export async function stopLocalContainers(options: StopLocalContainersOptions): Promise<number> {
  const { directory, clock, graceMs } = options;
  return await reapPods(join(directory, podsFolder), { clock, graceMs, spare: new Set() });
}

export interface StopLocalContainersOptions {
  /** The directory that the local cluster was given. */
  readonly directory: string;
  readonly clock: Clock;
  /** Between SIGTERM and SIGKILL; 0 kills at once. */
  readonly graceMs: number;
}

/** What a Python with the SDK and a few libraries takes. Less than that and the machine swaps, but still runs. */
const podMemoryBytes = 160 * 1024 * 1024;

function podLimits({ starts, concurrency }: LocalClusterOptions): PodLimits {
  // What a control group allows, where there is one.
  const memoryBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return {
    starting: starts ?? Math.max(4, 2 * availableParallelism()),
    running: concurrency ?? Math.max(16, Math.floor(memoryBytes / 2 / podMemoryBytes)),
  };
}

const podsFolder = "pods";
const halfHourMs = 30 * 60_000;
const sevenDaysMs = 7 * 24 * 60 * 60_000;

async function runKubelet(kubelet: Kubelet, signal: AbortSignal, lost: AbortSignal): Promise<void> {
  await kubelet.run(AbortSignal.any([signal, lost]));
  if (lost.aborted && !signal.aborted) throw abortError(lost);
}
