/** What the services stand on: the data directory, its database and the cluster. Some commands need no more than that. */
import {
  type ContainerVariables,
  createLocalCluster,
  type LocalCluster,
  requirePlainDirectory,
} from "@flyte-dataplane/controller";
import { abortError, type Clock, type Env, type Logger } from "@flyte-dataplane/core";
import type { Config } from "@flyte-dataplane/runtime/config";
import {
  createDatabase,
  type Database,
  type DatabaseOptions,
  databaseSection,
} from "@flyte-dataplane/runtime/database";
import type { Lifecycle } from "@flyte-dataplane/runtime/lifecycle";
import { type DataDirectory, openDataDirectory } from "./embedded/data-directory.ts";
import { startEmbeddedPostgres } from "./embedded/postgres.ts";
import { connectionOptions, type ExternalDatabase, externalDatabase, requireReachable } from "./external-database.ts";
import { localSection } from "./settings.ts";
import { runtimeRequirement, runtimeWarmUpMs, runtimeWords, taskRuntime } from "./task-runtime.ts";

export interface EdgesOptions {
  readonly config: Config;
  /** Absolute path of the data directory. */
  readonly directory: string;
  readonly env: Env;
  /** Short path for temporary directories. */
  readonly temporary: string;
  /** Words that start copilot. */
  readonly copilot: readonly string[];
  /** Containers go on when the server stops, and the next start takes them over. Otherwise they end with it. */
  readonly containersOutlive: boolean;
  /** What a container is told that its Pod does not set; asked at each start. */
  readonly containerVariables?: ContainerVariables;
  /** Asked once the data directory is ours and before anything long begins; rejects what the start would fail on at its end. */
  readonly beforehand?: () => Promise<void>;
  readonly lifecycle: Lifecycle;
  /** Gives the start up between two of its steps. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Edges {
  readonly data: DataDirectory;
  readonly database: Database;
  readonly cluster: LocalCluster;
  /** Registers how to stop a part that has just started; throws when the start was given up meanwhile. */
  readonly started: (name: string, stop: () => Promise<void> | void) => void;
}

/** What a container has to end in when the server takes it along, in milliseconds. */
export const containerGraceMs = 2000;

/** Opens all three; nothing runs in the cluster before its loops do. What had opened is stopped by `lifecycle` when a later part rejects. */
export async function openEdges(options: EdgesOptions): Promise<Edges> {
  const { config, lifecycle, signal, clock, logger } = options;
  const started = (name: string, stop: () => Promise<void> | void): void => {
    lifecycle.onStop(name, stop);
    if (signal.aborted) throw abortError(signal);
  };
  // What can be refused without touching the disk is refused first.
  requirePlainDirectory(options);
  const external = await externalDatabase(config, options.env);
  const data = await openDataDirectory(options.directory);
  started("data-directory", () => data.lock.release());
  await options.beforehand?.();
  const database = createDatabase({ ...(await databaseOptions(options, data, external)), clock, logger });
  started("database", () => database.close());
  if (external !== undefined) await requireReachable(database, external);

  const { python, starts, concurrency, logBytes } = config.get(localSection);
  const cluster = await createLocalCluster({
    database,
    directory: data.path,
    temporary: options.temporary,
    programs: { "/bin/flyte-copilot": options.copilot, [taskRuntime]: runtimeWords(python) },
    requirements: { [taskRuntime]: runtimeRequirement(python) },
    warmUps: { [taskRuntime]: runtimeWarmUpMs },
    ...(starts === 0 ? {} : { starts }),
    ...(concurrency === 0 ? {} : { concurrency }),
    logBytes,
    environment: options.env,
    containerVariables: options.containerVariables ?? (() => ({})),
    clock,
    logger,
  });
  started("local-cluster", () => cluster.close());
  if (!options.containersOutlive)
    lifecycle.onStop("containers", () => cluster.stopContainers({ graceMs: containerGraceMs }).then(() => undefined));
  return { data, database, cluster, started };
}

/** Options for `createDatabase`: the server that the settings name, else one started in the data directory. */
async function databaseOptions(
  options: EdgesOptions,
  data: DataDirectory,
  external: ExternalDatabase | undefined,
): Promise<Omit<DatabaseOptions, "clock" | "logger">> {
  const common = connectionOptions(options.config.get(databaseSection));
  if (external !== undefined) return { ...common, ...external.connect };
  const postgres = await startEmbeddedPostgres({
    data,
    env: options.env,
    temporary: options.temporary,
    clock: options.clock,
    logger: options.logger,
    signal: options.signal,
  });
  options.lifecycle.onStop("embedded-postgres", () => postgres.stop());
  options.lifecycle.loop("embedded-postgres-supervision", (signal) => postgres.supervise(signal));
  return { ...common, url: postgres.url };
}
