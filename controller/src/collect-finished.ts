/** Deletes finished actions once nobody needs them (contract 4.16); their Pods follow them by ownership. */
import { type Clock, errorCode, type Logger, type Metrics, type TaskAction } from "@flyte-dataplane/core";
import type { Cluster } from "./cluster/cluster.ts";
import { collectable, runKey } from "./collectable.ts";
import type { GcConfig } from "./config.ts";
import type { Informer } from "./informer.ts";

/** `config.interval` is positive. */
export interface CollectorOptions {
  readonly cluster: Cluster;
  readonly actions: Informer<TaskAction>;
  readonly config: GcConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Collector {
  /** Sweeps once the actions are known and then every `interval`, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export function createCollector(options: CollectorOptions): Collector {
  const { cluster, actions, config, clock, logger, metrics } = options;
  const deletions = metrics.counter({
    name: "controller_gc_deletions_total",
    help: "Finished actions that garbage collection asked to delete, by what came of it.",
    labels: ["outcome"],
  });
  const duration = metrics.histogram({
    name: "controller_gc_sweep_duration_seconds",
    help: "How long a sweep of garbage collection took.",
    buckets: [0.01, 0.1, 1, 10, 60, 600, 3600],
  });

  const sweep = async (signal: AbortSignal): Promise<void> => {
    const beganMs = clock.now();
    const counts = { deleted: 0, gone: 0, failed: 0 };
    // A sweep takes its time, and only what is new can make a run live again.
    const revived = new Set<string>();
    const leave = actions.subscribe(({ type, object }) => {
      if (type === "added") revived.add(runKey(object));
    });
    let fault: unknown;
    try {
      for (const action of collectable(actions.all(), { runMs: config.maxTTL, childMs: config.childTTL }, beganMs)) {
        await clock.sleep(1_000 / config.deletesPerSecond, { signal });
        if (revived.has(runKey(action))) continue;
        const { outcome, error } = await remove(cluster, action, signal);
        counts[outcome] += 1;
        deletions.add(1, { outcome });
        fault = error ?? fault;
      }
    } finally {
      leave();
      const durationMs = clock.now() - beganMs;
      duration.observe(durationMs / 1_000);
      if (fault !== undefined) logger.warn({ ...counts, err: fault }, "finished actions not deleted, next sweep again");
      else if (counts.deleted > 0) logger.info({ ...counts, durationMs }, "finished actions deleted");
    }
  };

  return {
    run: async (signal) => {
      try {
        await actions.synced(signal);
        for (;;) {
          await sweep(signal);
          await clock.sleep(config.interval, { signal });
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

interface Removal {
  readonly outcome: "deleted" | "gone" | "failed";
  readonly error?: unknown;
}

async function remove(cluster: Cluster, { metadata }: TaskAction, signal: AbortSignal): Promise<Removal> {
  const { name, uid } = metadata;
  try {
    await cluster.taskActions.delete(name, { signal, ...(uid === undefined ? {} : { uid }) });
    return { outcome: "deleted" };
  } catch (error) {
    if (signal.aborted) throw error;
    const code = errorCode(error);
    // Deleted by another, or its name belongs to a new action: what was to go has gone.
    return code === "not_found" || code === "aborted" ? { outcome: "gone" } : { outcome: "failed", error };
  }
}
