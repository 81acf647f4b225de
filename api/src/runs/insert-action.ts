/** Writes the rows a new action consists of. Inserting twice leaves the first row as it is. */
import { createHash } from "node:crypto";
import { type SqlValue, statement, type Transaction } from "@flyte-dataplane/runtime/database";
import type { ActionKey } from "../identifiers.ts";
import { sqlTime } from "../times.ts";
import { announceSql } from "./announce.ts";

export interface NewAction extends ActionKey {
  readonly parentActionName?: string;
  readonly actionGroup?: string;
  readonly phase: number;
  readonly actionType: number;
  readonly runSource?: string;
  readonly task?: {
    readonly project: string;
    readonly domain: string;
    readonly name: string;
    readonly version: string;
    readonly type: string;
  };
  /** Name shown for traces and conditions; tasks take theirs from `task`. */
  readonly taskName?: string;
  readonly shortName?: string;
  readonly functionName: string;
  readonly environmentName?: string;
  readonly actionSpec: Uint8Array;
  readonly runInfo: Uint8Array;
  readonly runSpec?: Uint8Array;
  readonly createdBy?: Uint8Array;
  readonly createdBySubject?: string;
  readonly runLabels?: Readonly<Record<string, string>>;
  readonly requestDigest?: Uint8Array;
  /** Microseconds since the epoch, like the others. */
  readonly createdAt: bigint;
  readonly updatedAt: bigint;
  readonly endedAt?: bigint;
}

const columns = [
  "project",
  "domain",
  "run_name",
  "name",
  "parent_action_name",
  "action_group",
  "phase",
  "action_type",
  "run_source",
  "task_project",
  "task_domain",
  "task_name",
  "task_version",
  "task_type",
  "task_short_name",
  "function_name",
  "environment_name",
  "action_spec",
  "action_details",
  "detailed_info",
  "run_spec",
  "created_by",
  "created_by_subject",
  "run_labels",
  "request_digest",
  "created_at",
  "updated_at",
  "ended_at",
  "duration_ms",
  "attempts",
] as const;

const insertAction = statement<{ name: string }>(
  "api_insert_action",
  `INSERT INTO actions (${columns.join(", ")})
   VALUES (${columns.map((_, index) => `$${index + 1}`).join(", ")})
   ON CONFLICT DO NOTHING
   RETURNING name, ${announceSql}`,
);

const insertSpec = statement(
  "api_insert_task_spec",
  "INSERT INTO task_specs (digest, spec, created_at, updated_at) VALUES ($1, $2, $3, $3) ON CONFLICT DO NOTHING",
);

/** False if the action was there already; nothing has changed then. */
export async function insertActionRow(transaction: Transaction, action: NewAction): Promise<boolean> {
  const ended = action.endedAt;
  const duration = ended === undefined ? null : (ended - action.createdAt) / 1000n;
  const values: Record<(typeof columns)[number], SqlValue> = {
    project: action.project,
    domain: action.domain,
    run_name: action.runName,
    name: action.name,
    parent_action_name: emptyToNull(action.parentActionName),
    action_group: emptyToNull(action.actionGroup),
    phase: action.phase,
    action_type: action.actionType,
    run_source: action.runSource ?? "",
    task_project: action.task?.project ?? null,
    task_domain: action.task?.domain ?? null,
    task_name: action.task?.name ?? action.taskName ?? null,
    task_version: action.task?.version ?? null,
    task_type: action.task?.type ?? "",
    task_short_name: emptyToNull(action.shortName),
    function_name: action.functionName,
    environment_name: emptyToNull(action.environmentName),
    action_spec: action.actionSpec,
    action_details: emptyDetails,
    detailed_info: action.runInfo,
    run_spec: action.runSpec ?? null,
    created_by: action.createdBy ?? null,
    created_by_subject: emptyToNull(action.createdBySubject),
    run_labels: action.runLabels ?? null,
    request_digest: action.requestDigest ?? null,
    created_at: sqlTime(action.createdAt),
    updated_at: sqlTime(action.updatedAt),
    ended_at: ended === undefined ? null : sqlTime(ended),
    duration_ms: duration,
    attempts: 1,
  };
  const { rows } = await transaction.query(
    insertAction,
    columns.map((column) => values[column]),
  );
  return rows.length > 0;
}

/** Stores TaskSpec or TraceSpec bytes once; returns the digest they are found by. */
export async function storeSpec(transaction: Transaction, spec: Uint8Array, nowMicros: bigint): Promise<string> {
  const digest = specDigest(spec);
  await transaction.query(insertSpec, [digest, spec, sqlTime(nowMicros)]);
  return digest;
}

/** Opaque to everybody: only ever compared, never computed again on reading. */
function specDigest(spec: Uint8Array): string {
  return createHash("sha256").update(spec).digest("base64");
}

/** The reference writes these two bytes into a column that nobody reads. */
const emptyDetails = new TextEncoder().encode("{}");

function emptyToNull(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}
