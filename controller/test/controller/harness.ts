/** A controller with everything around it in one process: objects, stores and calls are real, only the peers record. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import type { Clock, Logger, TaskAction } from "@flyte-dataplane/core";
import {
  ActionsService,
  type EnqueueRequest,
  EnqueueRequestSchema,
} from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/v2/cacheservice";
import { EventsProxyService } from "@flyte-dataplane/proto/flyteidl2/workflow/events_proxy_service";
import { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { loadConfig } from "@flyte-dataplane/runtime/config";
import { createMetrics, type MetricsRegistry, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { directTransport, type RpcService } from "@flyte-dataplane/runtime/server";
import { createStores, type Stores } from "@flyte-dataplane/storage";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { actionsSection, executorSection, pluginsSection } from "../../src/config.ts";
import { createController } from "../../src/controller.ts";
import { eventsProxy } from "../../src/events/proxy.ts";
import type { PodLogs } from "../../src/log-archive.ts";
import { type MemoryCache, memoryCache, type RunService, recordingRunService } from "./run-service.ts";

export const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};

export interface TestController {
  readonly actions: Client<typeof ActionsService>;
  readonly runs: RunService;
  readonly cache: MemoryCache;
  readonly stores: Stores;
  /** A fresh folder for runs' data. */
  readonly data: string;
  /** Figures of the controller that runs now. */
  readonly metrics: MetricsRegistry;
  /** Stops the loops, lets `meanwhile` happen unseen, and starts a new controller over the same cluster and stores. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
  /** Resolves with the action once `until` holds for it; rejects after ten seconds, saying how it stood. */
  action(name: string, until: (action: TaskAction) => boolean): Promise<TaskAction>;
}

export interface ControllerSettings {
  readonly cluster: Cluster;
  readonly clock?: Clock;
  readonly logs?: PodLogs;
  /** Flags by dotted name: `executor.maxSystemFailures`. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly logger?: Logger;
}

export async function startController(settings: ControllerSettings): Promise<TestController> {
  const { cluster, clock = systemClock, logs, logger = quiet } = settings;
  const data = await mkdtemp(join(tmpdir(), "controller-"));
  const stores = createStores({ clock });
  const runs = recordingRunService();
  const cache = memoryCache();
  const config = loadConfig([executorSection, actionsSection, pluginsSection] as never, {
    env: {},
    // Events go out at once: a test's clock may stand still.
    flags: { "executor.events.maxDelay": "0s", ...settings.flags },
  });
  const table: RpcService[] = [runs.rpc, cache.rpc];

  const start = () => {
    const within = directTransport(table, { logger });
    const metrics = createMetrics();
    const controller = createController({
      config: {
        executor: config.get(executorSection),
        actions: config.get(actionsSection),
        plugins: config.get(pluginsSection),
      },
      cluster,
      stores,
      cache: createClient(CacheService, within),
      runs: createClient(InternalRunService, within),
      events: createClient(
        EventsProxyService,
        directTransport([eventsProxy(createClient(InternalRunService, within))], { logger }),
      ),
      ...(logs === undefined ? {} : { logs }),
      clock,
      logger,
      metrics,
    });
    const running = new AbortController();
    const ended = Promise.allSettled((controller.loops ?? []).map((loop) => loop.run(running.signal)));
    return {
      actions: createClient(ActionsService, directTransport(controller.rpc, { logger })),
      metrics,
      stop: async () => {
        running.abort();
        for (const loop of await ended) if (loop.status === "rejected") throw loop.reason;
      },
    };
  };

  let current = start();
  return {
    get actions() {
      return current.actions;
    },
    get metrics() {
      return current.metrics;
    },
    runs,
    cache,
    stores,
    data,
    restart: async (meanwhile) => {
      await current.stop();
      await meanwhile?.();
      current = start();
    },
    stop: async () => {
      await current.stop();
      await stores.close();
      await rm(data, { recursive: true, force: true });
    },
    action: async (name, until) => {
      const deadline = Date.now() + 10_000;
      for (;;) {
        const action = await cluster.taskActions.get(name).catch(() => undefined);
        if (action !== undefined && until(action)) return action;
        if (Date.now() > deadline)
          throw new Error(`${name} stands at ${JSON.stringify(action?.status ?? action ?? "absent")}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

export interface TaskRequest {
  readonly run?: string;
  readonly action?: string;
  readonly parent?: string;
  readonly project?: string;
  readonly data: string;
  readonly type?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly outputs?: readonly string[];
  readonly retries?: number;
  readonly discoverable?: boolean;
  readonly serializable?: boolean;
  readonly timeoutSeconds?: number;
  readonly timeouts?: object;
  readonly backoff?: object;
  readonly runSpec?: object;
}

/** A container task in the run `r1`; declares the outputs named. */
export function taskRequest(options: TaskRequest): EnqueueRequest {
  const {
    run = "r1",
    action = "a0",
    project = "flytesnacks",
    data,
    type = "container",
    outputs = [],
    runSpec,
  } = options;
  const variables = outputs.map((key) => ({ key, value: { type: { type: { case: "simple" as const, value: 1 } } } }));
  return create(EnqueueRequestSchema, {
    action: {
      actionId: { run: { org: "o", project, domain: "development", name: run }, name: action },
      ...(options.parent === undefined ? {} : { parentActionName: options.parent }),
      inputUri: `${data}/${run}/${action}`,
      runOutputBase: `${data}/${run}`,
      spec: {
        case: "task",
        value: {
          ...(options.discoverable === true ? { cacheKey: "v1" } : {}),
          spec: {
            shortName: "sum",
            taskTemplate: {
              id: { resourceType: 1, project, domain: "development", name: "sum", version: "1" },
              type,
              interface: { outputs: { variables } },
              metadata: {
                discoverable: options.discoverable ?? false,
                cacheSerializable: options.serializable ?? false,
                retries: {
                  retries: options.retries ?? 0,
                  ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
                },
                ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
                ...(options.timeoutSeconds === undefined
                  ? {}
                  : { timeout: { seconds: BigInt(options.timeoutSeconds) } }),
              },
              target: {
                case: "container",
                value: { image: "any", command: [...(options.command ?? [])], args: [...(options.args ?? [])] },
              },
            },
          },
        },
      },
    },
    ...(runSpec === undefined ? {} : { runSpec }),
  });
}

export function progressing(reason: string): (action: TaskAction) => boolean {
  return ({ status }) =>
    status?.conditions?.some((condition) => condition.type === "Progressing" && condition.reason === reason) ?? false;
}

/** Ended and cleaned up after. */
export function finished({ metadata, status }: TaskAction): boolean {
  const ended =
    status?.conditions?.some(({ type, status: truth }) => truth === "True" && type !== "Progressing") ?? false;
  return ended && metadata.labels?.["flyte.org/termination-status"] === "terminated";
}
