/** ActionsService over the cluster: creates, watches, updates, signals and aborts actions (contract section 3). */
import type { Client } from "@connectrpc/connect";
import type { Clock, Logger, TaskAction } from "@flyte-dataplane/core";
import { ActionsService } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import type { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { type RpcService, rpc } from "@flyte-dataplane/runtime/server";
import type { Cluster } from "../cluster/cluster.ts";
import type { ActionsConfig } from "../config.ts";
import type { Informer } from "../informer.ts";
import { createAbort } from "./abort.ts";
import { createActionIndex, ownKey, parentKey } from "./action-index.ts";
import { actionUpdate } from "./action-update.ts";
import { createEnqueue } from "./enqueue.ts";
import { createSignal } from "./signal.ts";
import { createSubscriptions } from "./subscriptions.ts";
import { createTraces } from "./traces.ts";
import { createUpdate } from "./update.ts";
import { watchForUpdates } from "./watch.ts";

export interface ActionsServiceOptions {
  readonly cluster: Cluster;
  readonly actions: Informer<TaskAction>;
  readonly runs: Client<typeof InternalRunService>;
  readonly config: ActionsConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function actionsService(options: ActionsServiceOptions): RpcService {
  const { cluster, actions, runs, config, clock, logger } = options;
  const index = createActionIndex(actions);
  const subscriptions = createSubscriptions();
  const traces = createTraces(runs, subscriptions);
  actions.subscribe(({ type, object }) => {
    const key = parentKey(object);
    if (key !== undefined) subscriptions.publish(key, actionUpdate(object, type === "deleted"));
    if (type === "deleted") traces.forget(ownKey(object));
  });
  const enqueue = createEnqueue({ cluster, actions, traces, maxObjectBytes: config.maxObjectBytes, logger });
  const abort = createAbort({ cluster, index, logger });
  const signalCondition = createSignal(cluster, clock);
  const update = createUpdate(cluster, clock);
  const watching = { actions, index, subscriptions, traces, clock, keepAliveMs: config.watch.keepAlive };
  return rpc(ActionsService, {
    enqueue: (request, { signal }) => enqueue(request, signal),
    abort: (request, { signal }) => abort(request, signal),
    signal: (request, { signal }) => signalCondition(request, signal),
    update: (request, { signal }) => update(request, signal),
    watchForUpdates: async function* (request, { signal }) {
      await actions.synced(signal);
      yield* watchForUpdates(watching, request, signal);
    },
  });
}
