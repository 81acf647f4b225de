import { create } from "@bufbuild/protobuf";
import { type Clock, DataPlaneError } from "@flyte-dataplane/core";
import { GetTaskDetailsResponseSchema, TaskService } from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import type { Database } from "@flyte-dataplane/runtime/database";
import { type RpcService, rpc } from "@flyte-dataplane/runtime/server";
import type { ApiConfig } from "../config.ts";
import { taskKey } from "../identifiers.ts";
import type { ProjectStore } from "../projects/project-store.ts";
import { deployTask } from "./deploy-task.ts";
import { listTasks, listVersions } from "./list-tasks.ts";
import { readTask } from "./task-store.ts";
import { taskDetailsOf } from "./task-view.ts";

export interface TasksDeps {
  readonly config: ApiConfig;
  readonly database: Database;
  readonly projects: ProjectStore;
  readonly clock: Clock;
}

/** The registry of deployed tasks. Triggers are not served yet: a deployment that brings some is refused. */
export function taskService(deps: TasksDeps): RpcService {
  return rpc(TaskService, {
    deployTask: (request, context) => deployTask(deps, request, context.requestHeader),
    getTaskDetails: async ({ taskId }) => {
      const key = taskKey("task_id", taskId);
      const row = await readTask(deps.database, key);
      if (row === undefined) {
        throw new DataPlaneError("not_found", `task "${key.name}" version "${key.version}": not deployed`, {
          origin: "user",
        });
      }
      return create(GetTaskDetailsResponseSchema, { details: taskDetailsOf(row) });
    },
    listTasks: (request) => listTasks(deps.database, request),
    listVersions: (request) => listVersions(deps.database, request),
  });
}
