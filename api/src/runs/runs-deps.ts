import type { Client } from "@connectrpc/connect";
import type { Clock, Logger } from "@flyte-dataplane/core";
import type { ActionsService } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import type { Database } from "@flyte-dataplane/runtime/database";
import type { Stores } from "@flyte-dataplane/storage";
import type { ApiConfig } from "../config.ts";
import type { ProjectStore } from "../projects/project-store.ts";
import type { Changes } from "../watches/changes.ts";
import type { Turns } from "./turns.ts";

/** What the handlers of runs work with. */
export interface RunsDeps {
  readonly config: ApiConfig;
  readonly database: Database;
  readonly stores: Stores;
  readonly actions: Client<typeof ActionsService>;
  readonly projects: ProjectStore;
  readonly changes: Changes;
  /** For creating runs by name: each holds a connection while it writes to the store. */
  readonly namedCreates: Turns;
  readonly clock: Clock;
  readonly logger: Logger;
}
