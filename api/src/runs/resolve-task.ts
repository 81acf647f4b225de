import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  type TaskIdentifier,
  TaskIdentifierSchema,
  type TaskSpec,
  TaskSpecSchema,
} from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import type { CreateRunRequest } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import type { Queryable } from "@flyte-dataplane/runtime/database";
import { invalid, taskKey } from "../identifiers.ts";
import { readTask } from "../tasks/task-store.ts";

export interface ResolvedTask {
  readonly id: TaskIdentifier;
  readonly spec: TaskSpec;
  /** The spec as deployed, or as it came. */
  readonly specBytes: Uint8Array;
}

/**
 * The task a run is of: given in full, or by the name and version it was deployed under. `not_found` for a task that was
 * never deployed, `invalid_argument` for none, `unimplemented` for one named by a trigger.
 */
export async function resolveTask(database: Queryable, task: CreateRunRequest["task"]): Promise<ResolvedTask> {
  switch (task.case) {
    case "taskSpec":
      return inlineTask(task.value);
    case "taskId":
      return deployedTask(database, task.value);
    case "triggerName":
      throw new DataPlaneError("unimplemented", "create run: runs by trigger name are not offered");
    default:
      throw invalid("task: one of task_id, task_spec and trigger_name must be given");
  }
}

function inlineTask(spec: TaskSpec): ResolvedTask {
  const id = spec.taskTemplate?.id;
  if (id === undefined) throw invalid("task_spec.task_template.id: missing");
  const { org, project, domain, name, version } = id;
  if (name === "") throw invalid("task_spec.task_template.id.name: must not be empty");
  return {
    id: create(TaskIdentifierSchema, { org, project, domain, name, version }),
    spec,
    specBytes: toBinary(TaskSpecSchema, spec),
  };
}

async function deployedTask(database: Queryable, id: TaskIdentifier): Promise<ResolvedTask> {
  const key = taskKey("task_id", id);
  const row = await readTask(database, key);
  if (row === undefined || row.spec === null) {
    throw new DataPlaneError(
      "not_found",
      `task "${key.name}" version "${key.version}" in ${key.project}/${key.domain}: not deployed`,
      {
        origin: "user",
      },
    );
  }
  return { id, spec: fromBinary(TaskSpecSchema, row.spec), specBytes: row.spec };
}
