import type { Client } from "@connectrpc/connect";
import type { Clock, Logger, Metrics } from "@flyte-dataplane/core";
import type { ProjectService } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import type { TaskService } from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import type { TriggerService } from "@flyte-dataplane/proto/flyteidl2/trigger/trigger_service";
import type { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import type { Stores } from "@flyte-dataplane/storage";
import type { Authorize } from "./access.ts";
import type { DataproxyConfig } from "./config.ts";
import type { Figures } from "./figures.ts";
import type { Gate } from "./gate.ts";
import type { StoreLinks } from "./link-endpoint.ts";
import type { LogReader } from "./log-reader.ts";

/** All that the dataproxy stands on. */
export interface DataproxyOptions {
  readonly config: DataproxyConfig;
  /** Storage URI below which uploads and input documents lie. */
  readonly base: string;
  readonly stores: Stores;
  /** By which address callers know the object store, where it is not the server's own. */
  readonly storeLinks?: StoreLinks;
  readonly runs: Client<typeof RunService>;
  readonly projects: Client<typeof ProjectService>;
  readonly tasks: Client<typeof TaskService>;
  readonly triggers: Client<typeof TriggerService>;
  readonly logs: LogReader;
  /** Asked before each call is carried out; by default everybody may do everything. */
  readonly authorize?: Authorize;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The same within the service. */
export interface DataproxyParts extends DataproxyOptions {
  readonly figures: Figures;
  readonly gate: Gate;
}
