import { clone, create, toBinary } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import { type TaskSpec, TaskSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import {
  type DeployTaskRequest,
  type DeployTaskResponse,
  DeployTaskResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import { invalid, type TaskKey, taskKey } from "../identifiers.ts";
import { callerOf } from "../identity/caller.ts";
import { checkProject } from "../projects/check-project.ts";
import { sqlTimeFromMs } from "../times.ts";
import { cutBytes } from "./cut-bytes.ts";
import { insertTaskRow, readTask } from "./task-store.ts";
import type { TasksDeps } from "./tasks-deps.ts";

/**
 * Registers a version of a task. The same spec again is OK and keeps the first deployment's time; another one under the
 * same version is `already_exists`, because runs already refer to it.
 */
export async function deployTask(
  deps: TasksDeps,
  request: DeployTaskRequest,
  requestHeader: Headers,
): Promise<DeployTaskResponse> {
  const key = taskKey("task_id", request.taskId);
  if (request.spec === undefined) throw invalid("spec: missing");
  if (request.triggers.length > 0) {
    throw new DataPlaneError("unimplemented", `deploy task "${key.name}": triggers are not offered`);
  }
  await checkProject(deps.projects, deps.config, key);
  const spec = shortened(request.spec);
  const bytes = toBinary(TaskSpecSchema, spec);
  const inserted = await insertTaskRow(
    deps.database,
    {
      ...key,
      environment: spec.environment?.name ?? "",
      environmentDescription: spec.environment?.description ?? "",
      functionName: functionNameOf(key, spec),
      shortDescription: spec.documentation?.shortDescription ?? "",
      deployedBy: callerOf(deps.config, requestHeader)?.subject ?? "",
      spec: bytes,
    },
    sqlTimeFromMs(deps.clock.now()),
  );
  if (!inserted) await checkSameSpec(deps, key, bytes);
  return create(DeployTaskResponseSchema);
}

async function checkSameSpec(deps: TasksDeps, key: TaskKey, bytes: Uint8Array): Promise<void> {
  const stored = (await readTask(deps.database, key))?.spec ?? new Uint8Array();
  if (Buffer.compare(stored, bytes) === 0) return;
  throw new DataPlaneError(
    "already_exists",
    `task "${key.name}" version "${key.version}": deployed with another spec`,
    {
      origin: "user",
    },
  );
}

/** Descriptions are for people and cut to what the columns and the interface promise. */
function shortened(spec: TaskSpec): TaskSpec {
  const copy = clone(TaskSpecSchema, spec);
  const { documentation, environment } = copy;
  if (documentation !== undefined) {
    documentation.shortDescription = cutBytes(documentation.shortDescription, 255);
    documentation.longDescription = cutBytes(documentation.longDescription, 2048);
  }
  if (environment !== undefined) environment.description = cutBytes(environment.description, 255);
  return copy;
}

/** The name without `<environment>.` before it, else what follows the last dot. */
function functionNameOf(key: TaskKey, spec: TaskSpec): string {
  const prefix = `${spec.environment?.name ?? ""}.`;
  return prefix !== "." && key.name.startsWith(prefix)
    ? key.name.slice(prefix.length)
    : key.name.slice(key.name.lastIndexOf(".") + 1);
}
