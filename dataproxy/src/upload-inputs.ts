import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { inputsFile, joinUri, offloadedInputsFolder, uploadedInputsHash } from "@flyte-dataplane/core";
import type { TriggerName } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import {
  type UploadInputsRequest,
  type UploadInputsResponse,
  UploadInputsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { type TaskIdentifier, TaskIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import { writeObject } from "@flyte-dataplane/storage";
import { assertAllowed } from "./allowed-uris.ts";
import type { Admitted } from "./gate.ts";
import { checkSegment, objectPath } from "./keys.ts";
import type { DataproxyOptions, DataproxyParts } from "./options.ts";
import { requireProject } from "./projects.ts";
import { absent, invalid } from "./refusal.ts";

const operation = "upload inputs";

/**
 * Stores a run's inputs and gives the folder they lie in, with the hash that cache keys are made of. The folder is named by a digest of
 * all inputs, so that two sets that differ only in ignored variables never share a document.
 */
export async function uploadInputs(
  options: DataproxyParts,
  request: UploadInputsRequest,
  { access, signal }: Admitted,
): Promise<UploadInputsResponse> {
  const { config, stores } = options;
  const scope = scopeOf(request);
  await requireProject(options, operation, scope.project, signal);
  const ignored = await ignoredVariables(options, request, signal);

  const inputs = request.inputs ?? create(InputsSchema);
  const document = toBinary(InputsSchema, inputs);
  const hash = uploadedInputsHash(inputs, ignored);
  const folderName = createHash("sha256").update(document).digest("base64url");
  const base = request.baseDir === "" ? joinUri(options.base, config.upload.storagePrefix) : request.baseDir;
  const folder = objectPath(operation, base, [
    scope.org,
    scope.project,
    scope.domain,
    offloadedInputsFolder,
    folderName,
  ]);
  assertAllowed(options, operation, folder);
  options.gate.charge(access, document.byteLength);
  await writeObject(stores, joinUri(folder, inputsFile), document, { signal, contentType: "application/x-protobuf" });
  return create(UploadInputsResponseSchema, { offloadedInputData: { uri: folder, inputsHash: hash } });
}

interface Scope {
  readonly org: string;
  readonly project: string;
  readonly domain: string;
}

function scopeOf({ id }: UploadInputsRequest): Scope {
  if (id.case === undefined) throw invalid(operation, "give run_id or project_id");
  const { project, domain, org } =
    id.case === "runId" ? id.value : { project: id.value.name, domain: id.value.domain, org: id.value.organization };
  checkSegment(operation, "project", project);
  checkSegment(operation, "domain", domain);
  if (org !== "") checkSegment(operation, "org", org);
  return { org, project, domain };
}

/** Variables that take no part in the hash, from the task's own template. */
async function ignoredVariables(
  options: DataproxyOptions,
  { task }: UploadInputsRequest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (task.case === "taskSpec") return task.value.taskTemplate?.metadata?.cacheIgnoreInputVars ?? [];
  if (task.case === undefined) throw invalid(operation, "give task_id, task_spec or trigger_name");
  const taskId = task.case === "taskId" ? task.value : await taskOfTrigger(options, task.value, signal);
  const { details } = await options.tasks.getTaskDetails({ taskId }, { signal });
  if (details?.spec === undefined)
    throw absent(operation, `task "${taskId.name}" version "${taskId.version}" has no specification`);
  return details.spec.taskTemplate?.metadata?.cacheIgnoreInputVars ?? [];
}

/** The task that a trigger starts, in the version it is pinned to. */
async function taskOfTrigger(
  { triggers }: DataproxyOptions,
  name: TriggerName,
  signal: AbortSignal,
): Promise<TaskIdentifier> {
  const { trigger } = await triggers.getTriggerDetails({ name }, { signal });
  const { org, project, domain, taskName } = name;
  return create(TaskIdentifierSchema, {
    org,
    project,
    domain,
    name: taskName,
    version: trigger?.spec?.taskVersion ?? "",
  });
}
