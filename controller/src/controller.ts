/** Puts the pieces together: executor, actions service with its relay, events path, collector. */
import type { Client } from "@connectrpc/connect";
import {
  type Clock,
  DataPlaneError,
  type Logger,
  type Metrics,
  managedLabel,
  type TaskAction,
} from "@flyte-dataplane/core";
import type { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/v2/cacheservice";
import type { EventsProxyService } from "@flyte-dataplane/proto/flyteidl2/workflow/events_proxy_service";
import type { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import type { Service } from "@flyte-dataplane/runtime/server";
import type { Stores } from "@flyte-dataplane/storage";
import { actionsService } from "./actions/actions-service.ts";
import { createRelay } from "./actions/relay.ts";
import { createCacheFlow } from "./cache-flow.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { Pod } from "./cluster/pod-object.ts";
import { createCollector } from "./collect-finished.ts";
import type { ControllerConfig } from "./config.ts";
import { createEventOutbox } from "./events/outbox.ts";
import { eventsProxy } from "./events/proxy.ts";
import { createExecutor } from "./executor.ts";
import { createInformer } from "./informer.ts";
import { createLogArchive, type PodLogs } from "./log-archive.ts";
import type { Policy } from "./plan.ts";
import type { PodStorage } from "./pod/copilot.ts";
import { createRunRows } from "./run-rows.ts";

export interface ControllerOptions {
  readonly config: ControllerConfig;
  readonly cluster: Cluster;
  readonly stores: Stores;
  /** How co-pilot reaches the object store; file storage needs no telling. */
  readonly storage?: PodStorage;
  readonly cache: Client<typeof CacheService>;
  readonly runs: Client<typeof InternalRunService>;
  readonly events: Client<typeof EventsProxyService>;
  /** Archived before a Pod is deleted; without it logs end with their Pod. */
  readonly logs?: PodLogs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** In [0, 1), for jitter; default `Math.random`. */
  readonly random?: () => number;
}

/** Serves ActionsService and EventsProxyService; its loops keep actions moving. Nothing happens before they run. */
export function createController(options: ControllerOptions): Service {
  const { config, cluster, stores, cache, runs, events, logs, clock, logger, metrics, random = Math.random } = options;
  const { executor: settings } = config;
  const actions = createInformer<TaskAction>({
    client: cluster.taskActions,
    clock,
    logger: logger.child({ kind: "TaskAction" }),
  });
  const pods = createInformer<Pod>({
    client: cluster.pods,
    clock,
    logger: logger.child({ kind: "Pod" }),
    labels: { [managedLabel]: "true" },
  });
  const outbox = createEventOutbox({ events, config: settings.events, clock, logger, metrics });
  const rows = createRunRows({ runs, clock, logger });
  const { timeout: timeoutMs, maxBytes } = settings.logArchive;
  const executor = createExecutor({
    cluster,
    actions,
    pods,
    stores,
    rows,
    cache: createCacheFlow({ cache, stores, clock, logger, maxOutputBytes: settings.maxOutputBytes }),
    ...(logs === undefined ? {} : { archive: createLogArchive({ logs, stores, clock, logger, timeoutMs, maxBytes }) }),
    outbox,
    policy: policyOf(config, logs !== undefined, options.storage),
    clusterName: settings.cluster,
    workers: settings.maxConcurrentReconciles,
    clock,
    logger,
    metrics,
    random,
  });
  const { concurrency, maxBackoff: maxBackoffMs } = config.actions.relay;
  const relay = createRelay({ cluster, actions, rows, concurrency, maxBackoffMs, clock, logger, metrics });
  const collector = createCollector({ cluster, actions, config: settings.gc, clock, logger, metrics });
  return {
    name: "controller",
    rpc: [actionsService({ cluster, actions, runs, config: config.actions, clock, logger }), eventsProxy(runs)],
    // Stopped in reverse: first what decides, then what delivers, at last what observes.
    loops: [
      { name: "action-informer", run: (signal) => actions.run(signal) },
      { name: "pod-informer", run: (signal) => pods.run(signal) },
      { name: "events", run: (signal) => outbox.run(signal) },
      { name: "relay", run: (signal) => relay.run(signal) },
      { name: "executor", run: (signal) => executor.run(signal) },
      // Nothing depends on it.
      ...(settings.gc.interval > 0 ? [{ name: "collector", run: (signal: AbortSignal) => collector.run(signal) }] : []),
    ],
    health: [
      {
        name: "informers",
        check: async () => {
          if (!actions.isSynced || !pods.isSynced)
            throw new DataPlaneError("unavailable", "controller: still reading the cluster's objects");
        },
      },
    ],
  };
}

function policyOf({ executor, plugins }: ControllerConfig, archives: boolean, storage: PodStorage | undefined): Policy {
  const defaults = plugins.k8s;
  return {
    maxSystemFailures: executor.maxSystemFailures === 0 ? 3 : executor.maxSystemFailures,
    systemFailureResetAfterMs: executor.systemFailureResetAfter,
    relaunchDelay: { baseMs: executor.systemRetry.base, capMs: executor.systemRetry.cap },
    safetyPollMs: executor.safetyPollInterval,
    maxOutputBytes: executor.maxOutputBytes,
    timeoutsEnabled: executor.timeouts.enabled,
    terminalPatienceMs: executor.events.terminalLag,
    deleteSucceededPods: executor.podDeleteOnTerminal && archives,
    grace: {
      createContainerError: defaults["create-container-error-grace-period"],
      createContainerConfigError: defaults["create-container-config-error-grace-period"],
      imagePullBackOff: defaults["image-pull-backoff-grace-period"],
      pending: defaults["pod-pending-timeout"],
    },
    pod: {
      defaults,
      serviceAccount: executor.defaultK8sServiceAccount,
      ...(storage !== undefined && { storage }),
    },
  };
}
