/** Enqueue: makes the TaskAction, once however often it is asked for (contract 3.2, 3.10). */
import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { DataPlaneError, errorCode, type Logger, type TaskAction } from "@flyte-dataplane/core";
import {
  type EnqueueRequest,
  type EnqueueResponse,
  EnqueueResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import type { Cluster } from "../cluster/cluster.ts";
import type { Informer } from "../informer.ts";
import { type ActionName, actionName, isSameAction, part } from "./action-name.ts";
import { conditionFor, type TaskActionSources, taskActionFor } from "./task-action-object.ts";
import type { Traces } from "./traces.ts";

export interface EnqueueOptions {
  readonly cluster: Cluster;
  readonly actions: Informer<TaskAction>;
  readonly traces: Traces;
  /** Largest encoded object. */
  readonly maxObjectBytes: number;
  readonly logger: Logger;
}

const largeObjectBytes = 256 * 1024;

export function createEnqueue(
  options: EnqueueOptions,
): (request: EnqueueRequest, signal: AbortSignal) => Promise<EnqueueResponse> {
  return async ({ action, runSpec }, signal) => {
    if (action === undefined) throw new DataPlaneError("invalid_argument", "enqueue: action is missing");
    const name = actionName("enqueue", action.actionId);
    if (action.spec.case === "trace") {
      part("enqueue", "input_uri", action.inputUri, 4096);
      await options.traces.record(name, action, action.spec.value, signal);
      return create(EnqueueResponseSchema);
    }
    if (action.spec.case === undefined)
      throw new DataPlaneError("invalid_argument", "enqueue: one of task, trace and condition must be set");
    if (action.spec.case === "condition") checkConditionType(action.spec.value.type?.type);
    const parent = await findParent(options, name, action.parentActionName ?? "", signal);
    const sources: TaskActionSources = {
      name,
      namespace: options.cluster.namespace,
      action,
      ...(runSpec === undefined ? {} : { runSpec }),
      ...(parent === undefined ? {} : { parent }),
    };
    const object =
      action.spec.case === "task"
        ? taskActionFor(sources, action.spec.value)
        : conditionFor(sources, action.spec.value);
    checkSize(options, object);
    await createOnce(options, name, object, signal);
    return create(EnqueueResponseSchema);
  };
}

/** Undefined for a root. Rejects with `not_found` or, where the parent is on its way out, `aborted`. */
async function findParent(
  { cluster, actions }: EnqueueOptions,
  name: ActionName,
  parentName: string,
  signal: AbortSignal,
): Promise<TaskAction | undefined> {
  if (parentName === "") return undefined;
  const parent = actionName("enqueue", { ...idOf(name), name: part("enqueue", "parent_action_name", parentName, 30) });
  const known = actions.get(parent.resource) ?? (await live(cluster, parent.resource, signal));
  if (known === undefined || !isSameAction(known, parent)) {
    throw new DataPlaneError(
      "not_found",
      `enqueue ${name.resource}: parent action "${parent.action}" of run "${name.run}" not found`,
      { ref: name.resource },
    );
  }
  if (known.metadata.deletionTimestamp !== undefined) {
    throw new DataPlaneError("aborted", `enqueue ${name.resource}: parent action "${parent.action}" is being aborted`, {
      ref: name.resource,
    });
  }
  return known;
}

async function live(cluster: Cluster, resource: string, signal: AbortSignal): Promise<TaskAction | undefined> {
  try {
    return await cluster.taskActions.get(resource, { signal });
  } catch (error) {
    if (errorCode(error) === "not_found") return undefined;
    throw error;
  }
}

async function createOnce(
  { cluster, actions }: EnqueueOptions,
  name: ActionName,
  object: TaskAction,
  signal: AbortSignal,
): Promise<void> {
  const known = actions.get(name.resource);
  if (known !== undefined && isRepetition(known, object, name)) return;
  try {
    await cluster.taskActions.create(object, { signal });
  } catch (error) {
    if (errorCode(error) !== "already_exists") throw error;
    const standing = await live(cluster, name.resource, signal);
    // Gone between the two calls: the caller may try again at once.
    if (standing === undefined)
      throw new DataPlaneError("unavailable", `enqueue ${name.resource}: it was being replaced; try again`, {
        ref: name.resource,
        cause: error,
      });
    if (isRepetition(standing, object, name)) return;
    throw clash(standing, object, name);
  }
}

function isRepetition(standing: TaskAction, wanted: TaskAction, name: ActionName): boolean {
  return (
    isSameAction(standing, name) &&
    standing.metadata.deletionTimestamp === undefined &&
    contentHash(standing) === contentHash(wanted)
  );
}

function clash(standing: TaskAction, wanted: TaskAction, name: ActionName): DataPlaneError {
  const details = { ref: name.resource };
  if (!isSameAction(standing, name)) {
    const { project, domain } = standing.spec;
    return new DataPlaneError(
      "failed_precondition",
      `enqueue ${name.resource}: a run of this name exists in ${project}/${domain}; choose another run name`,
      details,
    );
  }
  if (standing.metadata.deletionTimestamp !== undefined) {
    const root = wanted.spec.parentActionName === undefined;
    return new DataPlaneError(
      root ? "unavailable" : "aborted",
      `enqueue ${name.resource}: the action of this name is being deleted`,
      details,
    );
  }
  return new DataPlaneError(
    "already_exists",
    `enqueue ${name.resource}: the action exists with other inputs or another template`,
    details,
  );
}

/** What makes two requests for one action the same work. */
function contentHash({ spec }: TaskAction): string {
  const parts = [spec.inputUri ?? "", spec.taskTemplate ?? "", spec.conditionSpec ?? ""];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function checkSize({ maxObjectBytes, logger }: EnqueueOptions, object: TaskAction): void {
  const bytes = Buffer.byteLength(JSON.stringify(object));
  if (bytes > largeObjectBytes) logger.warn({ action: object.metadata.name, bytes }, "action is large");
  if (bytes <= maxObjectBytes) return;
  const sizes = Object.entries(object.spec).map(([field, value]) => ({
    field,
    bytes: Buffer.byteLength(JSON.stringify(value)),
  }));
  const largest = sizes.sort((a, b) => b.bytes - a.bytes)[0];
  throw new DataPlaneError(
    "invalid_argument",
    `enqueue ${object.metadata.name}: the action takes ${bytes} bytes; the limit is ${maxObjectBytes}; its largest part is ${largest?.field ?? "its metadata"} with ${largest?.bytes ?? 0} bytes`,
    { origin: "user", ref: object.metadata.name },
  );
}

const signalTypes: ReadonlySet<SimpleType> = new Set([
  SimpleType.BOOLEAN,
  SimpleType.INTEGER,
  SimpleType.FLOAT,
  SimpleType.STRING,
]);

function checkConditionType(type: { readonly case: string | undefined; readonly value?: unknown } | undefined): void {
  const supported = type?.case === "simple" && signalTypes.has(type.value as SimpleType);
  if (!supported)
    throw new DataPlaneError(
      "invalid_argument",
      "enqueue: a condition's type must be boolean, integer, float or string",
      { origin: "user" },
    );
}

function idOf(name: ActionName): Parameters<typeof actionName>[1] & object {
  const { project, domain, run, action } = name;
  return {
    $typeName: "flyteidl2.common.ActionIdentifier",
    name: action,
    run: { $typeName: "flyteidl2.common.RunIdentifier", org: "", project, domain, name: run },
  };
}
