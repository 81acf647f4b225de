/** A row of `actions` as the rest of the package reads it. Blobs that only details need stay in the database. */
import type { ActionKey } from "../identifiers.ts";
import { micros } from "../times.ts";

export interface ActionRow extends ActionKey {
  /** Null marks a root. */
  readonly parentActionName: string | null;
  /** An ActionPhase number. */
  readonly phase: number;
  /** Name of a RunSource value; may be empty in rows of other writers. */
  readonly runSource: string;
  /** An ActionType number. */
  readonly actionType: number;
  readonly actionGroup: string | null;
  readonly taskProject: string | null;
  readonly taskDomain: string | null;
  readonly taskName: string | null;
  readonly taskVersion: string | null;
  readonly taskType: string;
  readonly taskShortName: string | null;
  readonly functionName: string;
  readonly environmentName: string | null;
  readonly triggerName: string | null;
  readonly triggerTaskName: string | null;
  readonly triggerRevision: bigint | null;
  /** EnrichedIdentity bytes. */
  readonly createdBy: Uint8Array | null;
  /** Microseconds since the epoch, like the other instants. */
  readonly createdAt: bigint;
  readonly endedAt: bigint | null;
  readonly durationMs: bigint | null;
  readonly attempts: number;
  readonly cacheStatus: number;
  readonly runLabels: Readonly<Record<string, string>> | null;
  /** RunInfo bytes of conditions, whose type the metadata shows; null for the rest. */
  readonly conditionInfo: Uint8Array | null;
}

export interface ActionDetailsRow extends ActionRow {
  readonly actionSpec: Uint8Array | null;
  readonly detailedInfo: Uint8Array | null;
  readonly runSpec: Uint8Array | null;
  readonly abortReason: string | null;
  /** EnrichedIdentity bytes. */
  readonly abortedBy: Uint8Array | null;
  /** ErrorInfo bytes of an action that failed before anything ran it. */
  readonly errorInfo: Uint8Array | null;
}

/** Columns of an ActionRow, for a table or alias called `actions`. */
export const actionColumns: string = `
  actions.project, actions.domain, actions.run_name AS "runName", actions.name,
  actions.parent_action_name AS "parentActionName", actions.phase, actions.run_source AS "runSource",
  actions.action_type AS "actionType", actions.action_group AS "actionGroup",
  actions.task_project AS "taskProject", actions.task_domain AS "taskDomain", actions.task_name AS "taskName",
  actions.task_version AS "taskVersion", actions.task_type AS "taskType", actions.task_short_name AS "taskShortName",
  actions.function_name AS "functionName", actions.environment_name AS "environmentName",
  actions.trigger_name AS "triggerName", actions.trigger_task_name AS "triggerTaskName",
  actions.trigger_revision AS "triggerRevision", actions.created_by AS "createdBy",
  ${micros("actions.created_at")} AS "createdAt", ${micros("actions.ended_at")} AS "endedAt",
  actions.duration_ms AS "durationMs", actions.attempts, actions.cache_status AS "cacheStatus",
  actions.run_labels AS "runLabels",
  CASE WHEN actions.action_type = 3 THEN actions.detailed_info END AS "conditionInfo"`;

export const actionDetailsColumns: string = `${actionColumns},
  actions.action_spec AS "actionSpec", actions.detailed_info AS "detailedInfo", actions.run_spec AS "runSpec",
  actions.abort_reason AS "abortReason", actions.aborted_by AS "abortedBy", actions.error_info AS "errorInfo"`;

/** `WHERE` of the primary key, for the first four parameters as `keyValues` gives them. */
export const whereKey = "actions.project = $1 AND actions.domain = $2 AND actions.run_name = $3 AND actions.name = $4";

export function keyValues(key: ActionKey): readonly [string, string, string, string] {
  return [key.project, key.domain, key.runName, key.name];
}
