/** The one statement that moves an action's phase forward (runs contract 5.3), and the one that merges results. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { EnrichedIdentity } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { RunInfoSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_info";
import { type Queryable, statement, type Transaction } from "@flyte-dataplane/runtime/database";
import type { ActionKey } from "../identifiers.ts";
import { keyValues, whereKey } from "../runs/action-row.ts";
import { announceSql } from "../runs/announce.ts";
import { isTerminal, phaseGuardSql } from "../runs/phases.ts";
import { sqlTime } from "../times.ts";

export interface StatusUpdate {
  readonly phase: number;
  /** 0: not stated. */
  readonly attempts: number;
  /** 0: leaves the stored one. */
  readonly cacheStatus: number;
  /** Microseconds since the epoch, like the others. */
  readonly startedAt?: bigint;
  readonly endedAt?: bigint;
  readonly now: bigint;
  readonly abortReason?: string;
}

const start = "LEAST(actions.created_at, COALESCE($8::timestamptz, actions.created_at))";
const laterAttempt = "$6::int > actions.attempts";

/** End of the row after the update: kept once set, unless a later attempt began. GREATEST alone would ignore a null. */
const end = `CASE
  WHEN ${laterAttempt} OR actions.ended_at IS NULL
    THEN CASE WHEN $9::timestamptz IS NULL THEN NULL ELSE GREATEST($9::timestamptz, ${start}) END
  ELSE actions.ended_at END`;

const updateStatus = statement<{ present: boolean }>(
  "api_update_status",
  `WITH changed AS (
     UPDATE actions SET
       phase = $5::int,
       attempts = GREATEST(actions.attempts, $6::int),
       cache_status = CASE WHEN $7::int = 0 THEN actions.cache_status ELSE $7::int END,
       updated_at = $10::timestamptz,
       created_at = ${start},
       ended_at = ${end},
       duration_ms = floor(extract(epoch FROM (${end}) - ${start}) * 1000)::bigint,
       abort_reason = CASE WHEN $5::int = 7 THEN COALESCE(actions.abort_reason, $11::text) ELSE actions.abort_reason END
     WHERE ${whereKey} AND ${phaseGuardSql("$5::int", "$6::int")}
     RETURNING ${announceSql}
   )
   SELECT EXISTS (SELECT 1 FROM changed) OR EXISTS (SELECT 1 FROM actions WHERE ${whereKey}) AS present`,
);

const lockInfo = statement<{ info: Uint8Array | null }>(
  "api_lock_run_info",
  `SELECT detailed_info AS info FROM actions WHERE ${whereKey} FOR UPDATE`,
);

const writeInfo = statement(
  "api_write_run_info",
  `UPDATE actions SET detailed_info = $5, updated_at = $6::timestamptz WHERE ${whereKey} RETURNING ${announceSql}`,
);

/** False if there is no such action. An update that the guard refuses changes nothing and is no failure. */
export async function applyStatus(database: Queryable, key: ActionKey, update: StatusUpdate): Promise<boolean> {
  const ended = update.endedAt ?? (isTerminal(update.phase) ? update.now : undefined);
  const { rows } = await database.query(updateStatus, [
    ...keyValues(key),
    update.phase,
    update.attempts,
    update.cacheStatus,
    update.startedAt === undefined ? null : sqlTime(update.startedAt),
    ended === undefined ? null : sqlTime(ended),
    sqlTime(update.now),
    update.abortReason ?? null,
  ]);
  return rows[0]?.present === true;
}

export interface ActionResult {
  readonly output?: Literal;
  readonly principal?: EnrichedIdentity;
}

/** Puts a condition's value and who gave it beside what the row's RunInfo already holds. False: no such action. */
export async function mergeResult(
  transaction: Transaction,
  key: ActionKey,
  result: ActionResult,
  now: bigint,
): Promise<boolean> {
  const { rows } = await transaction.query(lockInfo, keyValues(key));
  const row = rows[0];
  if (row === undefined) return false;
  const info = fromBinary(RunInfoSchema, row.info ?? new Uint8Array());
  if (result.output !== undefined) info.output = result.output;
  if (result.principal !== undefined) info.principal = result.principal;
  await transaction.query(writeInfo, [...keyValues(key), toBinary(RunInfoSchema, info), sqlTime(now)]);
  return true;
}
