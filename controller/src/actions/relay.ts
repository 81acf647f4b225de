/**
 * Tells the run service of every action: first that it exists, then how it stands. Repeated until accepted, one action
 * after the other in its own order, and marked on the action once its end is accepted (contract 3.8).
 */
import {
  backoffDelay,
  type Clock,
  errorCode,
  type Logger,
  type Metrics,
  type TaskAction,
  terminalStatusRecordedLabel,
} from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { actionPhase, isTerminalPhase } from "../action-phase.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Informer } from "../informer.ts";
import { createKeyedQueue, priorities } from "../queue.ts";
import { endOf, type RunRows } from "../run-rows.ts";

export interface RelayOptions {
  readonly cluster: Cluster;
  readonly actions: Informer<TaskAction>;
  readonly rows: RunRows;
  readonly concurrency: number;
  readonly maxBackoffMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Relay {
  run(signal: AbortSignal): Promise<void>;
}

/** How long a relay that stops goes on telling of actions that are gone: nothing tells of them after it. */
const farewellMs = 5_000;
/** A request that is refused as malformed this often will not get better. */
const maxRefusals = 5;

export function createRelay(options: RelayOptions): Relay {
  const { cluster, actions, rows, clock, logger, metrics } = options;
  /** The last state of actions that are gone and have not been told of. */
  const gone = new Map<string, TaskAction[]>();
  const refusals = new Map<string, number>();
  const failures = metrics.counter({
    name: "controller_relay_failures_total",
    help: "Calls to the run service that will be repeated.",
  });
  const queue = createKeyedQueue({
    clock,
    workers: options.concurrency,
    backoff: (count) => backoffDelay({ baseMs: 100, maxMs: options.maxBackoffMs }, count, Math.random),
    onFailure: (key, error, count) => {
      failures.add(1);
      logger.warn({ action: key, failures: count, err: error }, "run service not told, trying again");
    },
  });

  /** A task that makes children is running, even if its own Pod's news has not come through yet. */
  const promoteParent = async ({ spec }: TaskAction, signal: AbortSignal): Promise<void> => {
    if (spec.parentActionName === undefined) return;
    const parent = actions.get(`${spec.runName}-${spec.parentActionName}`);
    if (parent === undefined || !rows.isRecorded(parent)) return;
    const early = [ActionPhase.QUEUED, ActionPhase.WAITING_FOR_RESOURCES, ActionPhase.INITIALIZING].includes(
      actionPhase(parent),
    );
    if (early) await rows.update(parent, ActionPhase.RUNNING, signal);
  };

  const tell = async (action: TaskAction, deleted: boolean, signal: AbortSignal): Promise<void> => {
    if (rows.knowsEnd(action)) return;
    if ((await rows.record(action, signal)) && !deleted) await promoteParent(action, signal);
    const phase = deleted ? endOf(action) : actionPhase(action);
    if (phase === ActionPhase.UNSPECIFIED) return;
    await rows.update(action, phase, signal);
    if (deleted || !isTerminalPhase(phase)) return;
    const { name, uid } = action.metadata;
    const patch = {
      metadata: { ...(uid === undefined ? {} : { uid }), labels: { [terminalStatusRecordedLabel]: "true" } },
    };
    try {
      await actions.write(name, () => cluster.taskActions.patch(name, patch, { signal }));
    } catch (error) {
      // Deleted or replaced meanwhile: nothing left to mark.
      const code = errorCode(error);
      if (code !== "not_found" && code !== "aborted") throw error;
    }
  };

  /** False once a malformed request has been refused often enough. */
  const worthRepeating = (action: TaskAction, error: unknown): boolean => {
    if (errorCode(error) !== "invalid_argument") return true;
    const uid = action.metadata.uid ?? "";
    const count = (refusals.get(uid) ?? 0) + 1;
    refusals.set(uid, count);
    if (count < maxRefusals) return true;
    logger.error({ action: action.metadata.name, err: error }, "run service refuses the action for good");
    return false;
  };

  const tellOrGiveUp = async (action: TaskAction, deleted: boolean, signal: AbortSignal): Promise<void> => {
    try {
      await tell(action, deleted, signal);
    } catch (error) {
      if (worthRepeating(action, error)) throw error;
    }
  };

  const handle = async (name: string, signal: AbortSignal): Promise<void> => {
    for (let last = gone.get(name)?.[0]; last !== undefined; last = gone.get(name)?.[0]) {
      await tellOrGiveUp(last, true, signal);
      gone.get(name)?.shift();
      rows.forget(last);
      refusals.delete(last.metadata.uid ?? "");
    }
    gone.delete(name);
    const action = actions.get(name);
    if (action !== undefined) await tellOrGiveUp(action, false, signal);
  };

  /** One last try for every action that is gone. */
  const sayFarewell = async (): Promise<void> => {
    const results = await Promise.allSettled(
      [...gone.values()].flat().map((last) => tell(last, true, AbortSignal.timeout(farewellMs))),
    );
    const untold = results.filter(({ status }) => status === "rejected").length;
    if (untold > 0) logger.error({ actions: untold }, "run service not told of actions that are gone");
  };

  return {
    run: async (signal) => {
      const leave = actions.subscribe(({ type, object }) => {
        const { name } = object.metadata;
        if (type === "deleted") gone.set(name, [...(gone.get(name) ?? []), object]);
        queue.add(name, type === "deleted" ? priorities.deletion : priorities.transition);
      });
      for (const action of actions.all()) queue.add(action.metadata.name, priorities.fresh);
      try {
        await queue.run(handle, signal);
      } finally {
        leave();
      }
      await sayFarewell();
    },
  };
}
