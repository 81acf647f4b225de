import { create } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import { GetTaskDetailsResponseSchema, TaskService } from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import { type RpcService, rpc } from "@flyte-dataplane/runtime/server";
import { taskKey } from "../identifiers.ts";
import { deployTask } from "./deploy-task.ts";
import { listTasks, listVersions } from "./list-tasks.ts";
import { readTask } from "./task-store.ts";
import { taskDetailsOf } from "./task-view.ts";
import type { TasksDeps } from "./tasks-deps.ts";

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
