/**
 * Makes the cluster agree with rows that say ABORTED. The flag in the row is the promise; it is cleared once the
 * actions service has taken the abort or knows no such action, and stays, retried at the longest delay, until then.
 */
import { create, fromBinary } from "@bufbuild/protobuf";
import { backoffDelay, DataPlaneError } from "@flyte-dataplane/core";
import { AbortRequestSchema } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { EnrichedIdentitySchema } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import { type Database, statement } from "@flyte-dataplane/runtime/database";
import { fromConnectError } from "@flyte-dataplane/runtime/server";
import { type ActionKey, actionIdentifier, actionPath } from "../identifiers.ts";
import { keyValues, whereKey } from "../runs/action-row.ts";
import { sqlTimeFromMs } from "../times.ts";
import type { DueWork } from "./due-loop.ts";
import { type DeliveryDeps, firstDelayMs } from "./enqueue-work.ts";

interface AbortItem extends ActionKey {
  readonly reason: string | null;
  readonly abortedBy: Uint8Array | null;
  /** Tries including this one. */
  readonly attempt: number;
}

// While the promise to enqueue is open the cluster may not know the action yet: an abort would find nothing and the
// action would start after it.
const due = `actions.abort_requested_at IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM action_outbox AS box WHERE box.project = actions.project AND box.domain = actions.domain
    AND box.run_name = actions.run_name AND box.name = actions.name)`;
const dueAt = "COALESCE(actions.abort_next_at, actions.abort_requested_at)";

const claim = statement<AbortItem>(
  "api_abort_claim",
  `UPDATE actions AS target SET abort_attempt_count = target.abort_attempt_count + 1, abort_next_at = $2::timestamptz
   FROM (
     SELECT project, domain, run_name, name FROM actions
     WHERE ${due} AND ${dueAt} <= $1::timestamptz ORDER BY ${dueAt} LIMIT $3 FOR UPDATE SKIP LOCKED
   ) AS found
   WHERE target.project = found.project AND target.domain = found.domain
     AND target.run_name = found.run_name AND target.name = found.name
   RETURNING target.project, target.domain, target.run_name AS "runName", target.name, target.abort_reason AS reason,
     target.aborted_by AS "abortedBy", target.abort_attempt_count AS attempt`,
);

const nextDue = statement<{ due: Date | null }>(
  "api_abort_next",
  `SELECT min(${dueAt}) AS due FROM actions WHERE ${due}`,
);

const settle = statement(
  "api_abort_settle",
  `UPDATE actions SET abort_requested_at = NULL, abort_next_at = NULL, abort_attempt_count = 0 WHERE ${whereKey}`,
);

const postpone = statement(
  "api_abort_postpone",
  `UPDATE actions SET abort_next_at = $5::timestamptz WHERE ${whereKey}`,
);

export function abortWork(deps: DeliveryDeps): DueWork<AbortItem> {
  return {
    name: "abort",
    claim: async (now, leaseEnd, limit) => (await deps.database.query(claim, [now, leaseEnd, limit])).rows,
    nextDue: async () => (await deps.database.query(nextDue)).rows[0]?.due?.getTime(),
    deliver: (item, signal) => deliver(deps, item, signal),
  };
}

async function deliver(deps: DeliveryDeps, item: AbortItem, signal: AbortSignal): Promise<void> {
  const failure = await abort(deps, item, signal);
  if (failure === undefined) {
    await deps.database.query(settle, keyValues(item));
    return;
  }
  const policy = { baseMs: firstDelayMs, maxMs: deps.maxDelayMs, jitter: "full" as const };
  const delayMs = signal.aborted ? 0 : backoffDelay(policy, item.attempt, deps.random);
  deps.logger.warn(
    { action: actionPath(item), attempt: item.attempt, delayMs, err: failure },
    "abort will be tried again",
  );
  await postponeUntil(deps.database, item, deps.clock.now() + delayMs);
}

async function postponeUntil(database: Database, key: ActionKey, time: number): Promise<void> {
  await database.query(postpone, [...keyValues(key), sqlTimeFromMs(time)]);
}

/** Undefined when there is nothing left to abort. */
async function abort(deps: DeliveryDeps, item: AbortItem, signal: AbortSignal): Promise<unknown> {
  const request = create(AbortRequestSchema, {
    actionId: actionIdentifier(item),
    ...(item.reason === null ? {} : { reason: item.reason }),
    ...(item.abortedBy === null ? {} : { abortedBy: fromBinary(EnrichedIdentitySchema, item.abortedBy) }),
  });
  deps.tries.add(1, { work: "abort" });
  try {
    await deps.actions.abort(request, { signal, timeoutMs: deps.callTimeoutMs });
    return undefined;
  } catch (error) {
    const failure = fromConnectError(error, "abort");
    return isGone(failure) ? undefined : failure;
  }
}

/** The reference's actions service reports an absent resource as an internal error whose text says so. */
function isGone(failure: unknown): boolean {
  if (!(failure instanceof DataPlaneError)) return false;
  return failure.code === "not_found" || (failure.code === "internal" && failure.message.includes("not found"));
}
