/**
 * The composition root: settings become a database, a store, a cluster, the services over them, and one server. Everything is stopped in the
 * reverse order of its start.
 */
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { apiMigrations, createApi } from "@flyte-dataplane/api";
import {
  cacheMigrations,
  cacheServiceSection,
  createCacheService,
  databaseStore,
} from "@flyte-dataplane/cache-service";
import {
  actionsSection,
  type ContainerVariables,
  createController,
  executorSection,
  type LocalCluster,
  pluginsSection,
} from "@flyte-dataplane/controller";
import { type Env, parseStorageUri } from "@flyte-dataplane/core";
import { createDataproxy, dataproxySection } from "@flyte-dataplane/dataproxy";
import { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import { ActionsService } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/v2/cacheservice";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { ProjectService } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import { TaskService } from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import { TriggerService } from "@flyte-dataplane/proto/flyteidl2/trigger/trigger_service";
import { EventsProxyService } from "@flyte-dataplane/proto/flyteidl2/workflow/events_proxy_service";
import { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { migrate } from "@flyte-dataplane/runtime/database";
import type { MetricsRegistry } from "@flyte-dataplane/runtime/lifecycle";
import {
  createCallLog,
  createServer,
  directTransport,
  requireFreePort,
  type Server,
} from "@flyte-dataplane/runtime/server";
import type { Telemetry } from "@flyte-dataplane/runtime/telemetry";
import { createStores, loadSigningKey } from "@flyte-dataplane/storage";
import { type EdgesOptions, openEdges } from "./edges.ts";
import { lateTransport } from "./late-transport.ts";
import { localLogReader } from "./local-logs.ts";
import { registerProcessFigures } from "./process-figures.ts";
import { apiConfig, serverSection } from "./settings.ts";
import { movesData, podStorage, storeVariables } from "./storage/for-pods.ts";
import { storageSection } from "./storage/section.ts";
import { s3Settings, storageBase } from "./storage/store.ts";
import { tlsFiles } from "./tls-files.ts";

export interface DataplaneOptions extends Omit<EdgesOptions, "containerVariables" | "beforehand"> {
  readonly metrics: MetricsRegistry;
  readonly telemetry?: Telemetry;
}

export interface Dataplane {
  readonly server: Server;
  readonly cluster: LocalCluster;
  /** `http://localhost:<port>`, or `https:`, as clients are told. */
  readonly url: string;
  /** The same in the clear, for programs of this machine; another port where `url` speaks TLS. */
  readonly localUrl: string;
  /** Storage URI below which everything lies that runs read and write. */
  readonly base: string;
}

/** Starts everything; what had started already is stopped by `lifecycle` when a later part rejects. */
export async function startDataplane(options: DataplaneOptions): Promise<Dataplane> {
  const { config, lifecycle, clock, logger, metrics, telemetry } = options;
  const storage = config.get(storageSection);
  const settings = config.get(serverSection);
  const tls = await tlsFiles(settings.tls);
  const s3 = await s3Settings(storage, options.env);
  const onFiles = parseStorageUri(storageBase(storage, "/")).scheme === "file";
  let variables: Env = {};
  const containerVariables: ContainerVariables = async (pod, { name }) => ({
    ...variables,
    ...(onFiles || !movesData(pod, name) ? {} : await storeVariables(storage, options.env)),
  });
  const { data, database, cluster, started } = await openEdges({
    ...options,
    containerVariables,
    // Later the database would be made and started first, for nothing.
    beforehand: () => requireFreePort(settings.host, settings.port),
  });
  registerProcessFigures(metrics, () => database.connections());

  let url = "";
  const signing = { key: await loadSigningKey(join(data.path, "signing.key")), endpoint: () => url };
  const stores = createStores({
    clock,
    metrics,
    file: { signing },
    network: { env: options.env, writes: "async", logger },
    s3,
  });
  started("stores", () => stores.close());
  const base = storageBase(storage, join(data.path, "blobs"));
  const podStore = podStorage(storage, base, options.env);

  await migrate(database, "runs", apiMigrations);
  await migrate(database, "cache_service", cacheMigrations);

  const within = lateTransport();
  const client = { within: within.transport };
  const api = createApi({
    config: apiConfig(config, base, options.env),
    database,
    stores,
    actions: createClient(ActionsService, client.within),
    pages: {
      data: createClient(DataProxyService, client.within),
      downloads: createClient(DownloadService, client.within),
    },
    clock,
    logger,
    metrics,
  });
  const cache = createCacheService({
    config: config.get(cacheServiceSection),
    store: databaseStore(database),
    clock,
    metrics,
  });
  const controller = createController({
    config: {
      executor: config.get(executorSection),
      actions: config.get(actionsSection),
      plugins: config.get(pluginsSection),
    },
    cluster,
    stores,
    ...(podStore !== undefined && { storage: podStore }),
    cache: createClient(CacheService, client.within),
    runs: createClient(InternalRunService, client.within),
    events: createClient(EventsProxyService, client.within),
    logs: cluster.logs,
    clock,
    logger,
    metrics,
  });
  const dataproxy = createDataproxy({
    config: config.get(dataproxySection),
    base,
    stores,
    storeLinks: { endpoint: storage.signedUrl.stowConfigOverride.endpoint, byHost: storage.signedUrl.endpoints },
    runs: createClient(RunService, client.within),
    projects: createClient(ProjectService, client.within),
    tasks: createClient(TaskService, client.within),
    triggers: createClient(TriggerService, client.within),
    logs: localLogReader(cluster),
    clock,
    logger,
    metrics,
  });
  const services = [api, cache, controller, dataproxy];
  within.connect(
    directTransport(
      services.flatMap((service) => service.rpc),
      { logger, interceptors: telemetry === undefined ? [] : [telemetry.interceptor] },
    ),
  );

  const server = await createServer({
    services,
    host: settings.host,
    port: settings.port,
    hostNames: settings.hostNames,
    origins: settings.origins,
    ...(tls !== undefined && { tls, clearOnLoopback: true }),
    trustedProxies: settings.trustedProxies,
    limits: { ...settings.limits, lagMs: settings.limits.lag },
    callHooks: [
      ...(telemetry === undefined ? [] : [telemetry.callHook]),
      ...(settings.logLevel === "debug" ? [createCallLog(logger, clock)] : []),
    ],
    lingerMs: settings.linger,
    drainMs: settings.drain,
    clock,
    logger,
    metrics,
  });
  started("server", () => server.close());
  url = `${tls === undefined ? "http" : "https"}://localhost:${server.port}`;
  const localUrl = server.clearUrl ?? url;
  variables = variablesOfContainers(new URL(localUrl).host, onFiles);
  await data.lock.describe({ url, localUrl });

  for (const loop of [...cluster.loops, ...services.flatMap((service) => service.loops ?? [])])
    lifecycle.loop(loop.name, (signal) => loop.run(signal));
  return { server, cluster, url, localUrl, base };
}

/** What a program in a container needs to reach this server at `host`; known once it listens (sdk-client.md 7.2). */
function variablesOfContainers(host: string, onFiles: boolean): Env {
  return {
    _U_EP_OVERRIDE: host,
    _U_INSECURE: "true",
    _U_USE_ACTIONS: "1",
    ...(onFiles && { FSSPEC_FILE_AUTO_MKDIR: "true" }),
    NO_PROXY: "localhost,127.0.0.1,::1",
    no_proxy: "localhost,127.0.0.1,::1",
  };
}
