import type { Clock } from "@flyte-dataplane/core";
import type { Database } from "@flyte-dataplane/runtime/database";
import type { ApiConfig } from "../config.ts";
import type { ProjectStore } from "../projects/project-store.ts";

/** What the handlers of tasks work with. */
export interface TasksDeps {
  readonly config: ApiConfig;
  readonly database: Database;
  readonly projects: ProjectStore;
  readonly clock: Clock;
}
