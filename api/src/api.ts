/** Puts the package's services together: handler tables, loops and health checks of one `Service`. */
import type { Client } from "@connectrpc/connect";
import type { Clock, Logger, Metrics } from "@flyte-dataplane/core";
import type { ActionsService } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { type Database, statement } from "@flyte-dataplane/runtime/database";
import type { Service } from "@flyte-dataplane/runtime/server";
import type { Stores } from "@flyte-dataplane/storage";
import type { ApiConfig } from "./config.ts";
import { abortWork } from "./deliveries/abort-work.ts";
import { runDueLoop } from "./deliveries/due-loop.ts";
import { type DeliveryDeps, enqueueWork } from "./deliveries/enqueue-work.ts";
import { sampleFigures } from "./figures.ts";
import { authMetadataService, identityService } from "./identity/identity-service.ts";
import { internalRunService } from "./internal-runs/internal-run-service.ts";
import type { PagesClients } from "./pages/pages-deps.ts";
import { pagesRoutes } from "./pages/routes.ts";
import { projectService } from "./projects/project-service.ts";
import { createProjectStore } from "./projects/project-store.ts";
import { runService } from "./runs/run-service.ts";
import type { RunsDeps } from "./runs/runs-deps.ts";
import { createTurns } from "./runs/turns.ts";
import { taskService } from "./tasks/task-service.ts";
import { sqlTimeFromMs } from "./times.ts";
import { createChanges } from "./watches/changes.ts";

export interface ApiOptions {
  readonly config: ApiConfig;
  /** Migrated with `apiMigrations`. */
  readonly database: Database;
  readonly stores: Stores;
  readonly actions: Client<typeof ActionsService>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What the pages that people open in a browser are filled with; absent: there are no pages. */
  readonly pages?: PagesClients;
  /** Numbers in [0, 1) for the delays between tries; defaults to chance. */
  readonly random?: () => number;
}

const ping = statement("api_ping", "SELECT FROM projects LIMIT 0");

/** A slow store must not keep everybody else from the ten connections that a pool has by default. */
const maxNamedCreates = 4;

/** How much longer a claimed row stays claimed than its call may take. */
const leaseMarginMs = 15_000;

export function createApi(options: ApiOptions): Service {
  const { config, database, stores, actions, clock, logger, metrics } = options;
  const projects = createProjectStore(database, config.seedProjects, () => sqlTimeFromMs(clock.now()));
  const watches = metrics.gauge({
    name: "flyte_run_watches",
    help: "Open subscriptions of watches on runs and actions.",
  });
  const changes = createChanges(database, (size) => watches.set(size));
  const runs: RunsDeps = {
    config,
    database,
    stores,
    actions,
    projects,
    changes,
    namedCreates: createTurns(maxNamedCreates),
    clock,
    logger,
  };
  const { callTimeoutMs, maxDelayMs, workers } = config.delivery;
  const random = options.random ?? Math.random;
  const tries = metrics.counter({
    name: "flyte_run_delivery_tries_total",
    help: "Calls to the actions service that carry out what a run's row promises.",
    labels: ["work"],
  });
  const delivery: DeliveryDeps = { database, actions, clock, logger, callTimeoutMs, maxDelayMs, random, tries };
  const loop = { database, clock, logger, workers, leaseMs: callTimeoutMs + leaseMarginMs };
  return {
    name: "api",
    ...(options.pages === undefined ? {} : { http: pagesRoutes({ ...runs, ...options.pages }) }),
    rpc: [
      runService(runs),
      internalRunService({ database, clock, logger }),
      taskService({ config, database, projects, clock }),
      projectService({ config, projects, clock }),
      identityService(config),
      authMetadataService(config),
    ],
    loops: [
      { name: "enqueue runs", run: (signal) => runDueLoop(enqueueWork(delivery), { ...loop, signal }) },
      { name: "run figures", run: (signal) => sampleFigures({ database, clock, logger, metrics, signal }) },
      { name: "abort actions", run: (signal) => runDueLoop(abortWork(delivery), { ...loop, signal }) },
    ],
    health: [
      {
        name: "runs database",
        check: async (signal) => {
          // Ready means that the configured projects are there, too.
          await (await projects.ready()).query(ping, [], { signal });
        },
      },
    ],
  };
}
