/** Row → the messages that lists, watches and details share. */
import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { TriggerIdentifierSchema, TriggerNameSchema } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { EnrichedIdentitySchema } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import { TaskIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import {
  type Action,
  type ActionMetadata,
  ActionMetadataSchema,
  ActionSchema,
  type ActionStatus,
  ActionStatusSchema,
  ActionType,
  type Run,
  RunSchema,
  RunSource,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { RunInfoSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_info";
import { actionIdentifier } from "../identifiers.ts";
import { timestampFromMicros } from "../times.ts";
import type { ActionRow } from "./action-row.ts";

export function runOf(row: ActionRow): Run {
  return create(RunSchema, { action: actionOf(row), labels: { ...row.runLabels } });
}

export function actionOf(row: ActionRow): Action {
  return create(ActionSchema, { id: actionIdentifier(row), metadata: metadataOf(row), status: statusOf(row) });
}

export function statusOf(row: ActionRow): ActionStatus {
  return create(ActionStatusSchema, {
    phase: row.phase,
    startTime: timestampFromMicros(row.createdAt),
    attempts: row.attempts,
    cacheStatus: row.cacheStatus,
    ...(row.endedAt === null ? {} : { endTime: timestampFromMicros(row.endedAt) }),
    ...(row.durationMs === null ? {} : { durationMs: row.durationMs }),
  });
}

export function metadataOf(row: ActionRow): ActionMetadata {
  return create(ActionMetadataSchema, {
    parent: row.parentActionName ?? "",
    group: row.actionGroup ?? "",
    spec: specOf(row),
    actionType: row.actionType,
    environmentName: row.environmentName ?? "",
    funtionName: row.functionName,
    triggerName: row.triggerName ?? "",
    source: sourceOf(row.runSource),
    ...(row.createdBy === null ? {} : { executedBy: fromBinary(EnrichedIdentitySchema, row.createdBy) }),
    ...(row.triggerName === null ? {} : { triggerId: triggerOf(row, row.triggerName) }),
  });
}

function triggerOf(row: ActionRow, name: string) {
  return create(TriggerIdentifierSchema, {
    name: create(TriggerNameSchema, {
      project: row.project,
      domain: row.domain,
      name,
      taskName: row.triggerTaskName ?? "",
    }),
    revision: row.triggerRevision ?? 0n,
  });
}

function specOf(row: ActionRow): NonNullable<MessageInitShape<typeof ActionMetadataSchema>["spec"]> {
  const name = row.taskName ?? "";
  switch (row.actionType) {
    case ActionType.TRACE:
      return { case: "trace", value: { name } };
    case ActionType.CONDITION:
      return { case: "condition", value: { name, ...conditionType(row) } };
    case ActionType.TASK:
      return {
        case: "task",
        value: {
          id: create(TaskIdentifierSchema, {
            project: row.taskProject ?? "",
            domain: row.taskDomain ?? "",
            name,
            version: row.taskVersion ?? "",
          }),
          taskType: row.taskType,
          shortName: row.taskShortName ?? "",
        },
      };
    default:
      return { case: undefined };
  }
}

function conditionType(row: ActionRow) {
  if (row.conditionInfo === null) return {};
  const type = fromBinary(RunInfoSchema, row.conditionInfo).condition?.type;
  return type === undefined ? {} : { type };
}

const sources: ReadonlyMap<string, RunSource> = new Map(
  Object.entries(RunSource).flatMap(([name, value]) =>
    typeof value === "number" ? [[`RUN_SOURCE_${name}`, value] as const] : [],
  ),
);

function sourceOf(name: string): RunSource {
  return sources.get(name) ?? RunSource.UNSPECIFIED;
}

/** The stored spelling of a source: the name of its enum value. */
export function sourceName(source: RunSource): string {
  const name = RunSource[source] as string | undefined;
  return `RUN_SOURCE_${name ?? "UNSPECIFIED"}`;
}
