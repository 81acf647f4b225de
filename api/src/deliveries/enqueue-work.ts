/** Keeps the promises of the outbox: every accepted run reaches the actions service, or fails with the reason. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import {
  backoffDelay,
  type Clock,
  DataPlaneError,
  isRecoverable,
  type Logger,
  type Metrics,
} from "@flyte-dataplane/core";
import { type ActionsService, EnqueueRequestSchema } from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { ErrorInfo_Kind, ErrorInfoSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { type Database, statement } from "@flyte-dataplane/runtime/database";
import { fromConnectError } from "@flyte-dataplane/runtime/server";
import { type ActionKey, actionPath } from "../identifiers.ts";
import { keyValues, whereKey } from "../runs/action-row.ts";
import { announceSql } from "../runs/announce.ts";
import { isTerminal } from "../runs/phases.ts";
import { readAction } from "../runs/read-actions.ts";
import { sqlTimeFromMs } from "../times.ts";
import type { DueWork } from "./due-loop.ts";
import { claimOutbox, nextOutboxDue, type OutboxItem, postponeOutbox, removeFromOutbox } from "./outbox.ts";

export interface DeliveryDeps {
  readonly database: Database;
  readonly actions: Client<typeof ActionsService>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly callTimeoutMs: number;
  readonly maxDelayMs: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Counted per call, with label `work`. */
  readonly tries: ReturnType<Metrics["counter"]>;
}

export const firstDelayMs = 1_000;

const failAction = statement(
  "api_fail_unqueued",
  `UPDATE actions SET phase = 6, error_info = $5, updated_at = $6::timestamptz, ended_at = GREATEST($6::timestamptz, created_at),
     duration_ms = floor(extract(epoch FROM GREATEST($6::timestamptz, created_at) - created_at) * 1000)::bigint
   WHERE ${whereKey} AND phase IN (1, 2, 3, 4, 9) RETURNING ${announceSql}`,
);

export function enqueueWork(deps: DeliveryDeps): DueWork<OutboxItem> {
  return {
    name: "enqueue",
    claim: (now, leaseEnd, limit) => claimOutbox(deps.database, now, leaseEnd, limit),
    nextDue: () => nextOutboxDue(deps.database),
    deliver: (item, signal) => deliver(deps, item, signal),
  };
}

async function deliver(deps: DeliveryDeps, item: OutboxItem, signal: AbortSignal): Promise<void> {
  const row = await readAction(deps.database, item);
  // Aborted before it ever reached the cluster: there is nothing to start any more.
  if (row === undefined || isTerminal(row.phase)) return removeFromOutbox(deps.database, item);
  const failure = await enqueue(deps, item, signal);
  if (failure === undefined) return removeFromOutbox(deps.database, item);
  if (signal.aborted) return postponeOutbox(deps.database, item, sqlTimeFromMs(deps.clock.now()));
  if (!isRecoverable(failure.code)) return giveUp(deps, item, failure);
  const policy = { baseMs: firstDelayMs, maxMs: deps.maxDelayMs, jitter: "full" as const };
  const delayMs = backoffDelay(policy, item.attempt, deps.random);
  deps.logger.warn(
    { action: actionPath(item), attempt: item.attempt, delayMs, err: failure },
    "enqueue will be tried again",
  );
  await postponeOutbox(deps.database, item, sqlTimeFromMs(deps.clock.now() + delayMs));
}

/** Undefined when the actions service has the action, be it from an earlier try whose answer was lost. */
async function enqueue(deps: DeliveryDeps, item: OutboxItem, signal: AbortSignal): Promise<DataPlaneError | undefined> {
  const request = fromBinary(EnqueueRequestSchema, item.request);
  deps.tries.add(1, { work: "enqueue" });
  try {
    const headers: Record<string, string> = item.traceparent === null ? {} : { traceparent: item.traceparent };
    await deps.actions.enqueue(request, { signal, timeoutMs: deps.callTimeoutMs, headers });
    return undefined;
  } catch (error) {
    const failure = fromConnectError(error, "enqueue");
    if (!(failure instanceof DataPlaneError)) {
      return new DataPlaneError("internal", "enqueue: the call failed", { cause: failure });
    }
    return failure.code === "already_exists" ? undefined : failure;
  }
}

async function giveUp(deps: DeliveryDeps, item: OutboxItem, failure: DataPlaneError): Promise<void> {
  deps.logger.error({ action: actionPath(item), err: failure }, "the actions service refused a run");
  const error = create(ErrorInfoSchema, {
    code: failure.code,
    message: `the run could not be started: ${failure.message}`,
    kind: failure.origin === "user" ? ErrorInfo_Kind.USER : ErrorInfo_Kind.SYSTEM,
  });
  const key: ActionKey = item;
  await deps.database.transaction(async (transaction) => {
    const now = sqlTimeFromMs(deps.clock.now());
    await transaction.query(failAction, [...keyValues(key), toBinary(ErrorInfoSchema, error), now]);
    await removeFromOutbox(transaction, key);
  });
}
