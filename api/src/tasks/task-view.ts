import { create, fromBinary } from "@bufbuild/protobuf";
import type { EnrichedIdentity } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import {
  type Task,
  type TaskDetails,
  TaskDetailsSchema,
  type TaskMetadata,
  TaskMetadataSchema,
  TaskSchema,
  type TaskSpec,
  TaskSpecSchema,
} from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import { enrichedIdentity } from "../identity/caller.ts";
import { timestampFromMicros } from "../times.ts";
import type { TaskRow } from "./task-store.ts";

export function taskOf(row: TaskRow): Task {
  return create(TaskSchema, { taskId: idOf(row), metadata: metadataOf(row, specOf(row)) });
}

export function taskDetailsOf(row: TaskRow): TaskDetails {
  const spec = specOf(row);
  return create(TaskDetailsSchema, { taskId: idOf(row), metadata: metadataOf(row, spec), spec });
}

function idOf({ project, domain, name, version }: TaskRow) {
  return { project, domain, name, version };
}

function specOf(row: TaskRow): TaskSpec {
  return fromBinary(TaskSpecSchema, row.spec ?? new Uint8Array());
}

function metadataOf(row: TaskRow, spec: TaskSpec): TaskMetadata {
  return create(TaskMetadataSchema, {
    shortName: spec.shortName === "" ? row.functionName : spec.shortName,
    deployedAt: timestampFromMicros(row.createdAt),
    environmentName: row.environment,
    shortDescription: row.shortDescription ?? "",
    ...(row.deployedBy === "" ? {} : { deployedBy: deployer(row.deployedBy) }),
  });
}

/** Of whoever deployed it only the subject is kept. */
export function deployer(subject: string): EnrichedIdentity {
  return enrichedIdentity({ subject, email: "", givenName: "", familyName: "" });
}
