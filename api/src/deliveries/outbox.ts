/**
 * The promise to enqueue, kept beside the run's row until the actions service has taken it. Several processes may work
 * on one outbox: whoever claims a row has it until its lease is over.
 */
import { type Queryable, statement, type Transaction } from "@flyte-dataplane/runtime/database";
import type { ActionKey } from "../identifiers.ts";
import { keyValues } from "../runs/action-row.ts";
import { wakeDeliverySql } from "../runs/announce.ts";

export interface OutboxItem extends ActionKey {
  /** EnqueueRequest bytes. */
  readonly request: Uint8Array;
  /** The trace that the run was asked for in; null for none. */
  readonly traceparent: string | null;
  /** Tries including this one. */
  readonly attempt: number;
}

const insert = statement(
  "api_outbox_insert",
  `INSERT INTO action_outbox (project, domain, run_name, name, request, traceparent, next_attempt_at, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING RETURNING ${wakeDeliverySql}`,
);

const claim = statement<OutboxItem>(
  "api_outbox_claim",
  `UPDATE action_outbox AS box SET attempt_count = box.attempt_count + 1, next_attempt_at = $2
   FROM (
     SELECT project, domain, run_name, name FROM action_outbox
     WHERE next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
   ) AS due
   WHERE box.project = due.project AND box.domain = due.domain AND box.run_name = due.run_name AND box.name = due.name
   RETURNING box.project, box.domain, box.run_name AS "runName", box.name, box.request, box.traceparent,
     box.attempt_count AS attempt`,
);

// A kept promise may be what an abort was waiting for.
const remove = statement(
  "api_outbox_delete",
  `DELETE FROM action_outbox WHERE project = $1 AND domain = $2 AND run_name = $3 AND name = $4
   RETURNING ${wakeDeliverySql}`,
);

const postpone = statement(
  "api_outbox_postpone",
  `UPDATE action_outbox SET next_attempt_at = $5
   WHERE project = $1 AND domain = $2 AND run_name = $3 AND name = $4`,
);

const nextDue = statement<{ due: Date | null }>(
  "api_outbox_next",
  "SELECT min(next_attempt_at) AS due FROM action_outbox",
);

/** Part of the transaction that inserts the action. */
export async function promiseEnqueue(
  transaction: Transaction,
  key: ActionKey,
  { request, traceparent }: Pick<OutboxItem, "request" | "traceparent">,
  now: string,
): Promise<void> {
  await transaction.query(insert, [...keyValues(key), request, traceparent, now]);
}

/** Rows that are due, each ours until `leaseEnd`. */
export async function claimOutbox(
  database: Queryable,
  now: string,
  leaseEnd: string,
  limit: number,
): Promise<readonly OutboxItem[]> {
  return (await database.query(claim, [now, leaseEnd, limit])).rows;
}

export async function removeFromOutbox(database: Queryable, key: ActionKey): Promise<void> {
  await database.query(remove, keyValues(key));
}

export async function postponeOutbox(database: Queryable, key: ActionKey, until: string): Promise<void> {
  await database.query(postpone, [...keyValues(key), until]);
}

/** Milliseconds since the epoch when the next row is due; undefined when there is none. */
export async function nextOutboxDue(database: Queryable): Promise<number | undefined> {
  return (await database.query(nextDue)).rows[0]?.due?.getTime();
}
