import { create } from "@bufbuild/protobuf";
import { type Clock, DataPlaneError, type Logger } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import {
  type UpdateActionStatusRequest,
  type UpdateActionStatusResponse,
  UpdateActionStatusResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import type { ActionStatus } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import type { Database } from "@flyte-dataplane/runtime/database";
import { type ActionKey, actionKey, actionPath, invalid } from "../identifiers.ts";
import { microsFromTimestamp } from "../times.ts";
import { bodyStatus } from "./body-status.ts";
import { type ActionResult, applyStatus, mergeResult, type StatusUpdate } from "./status-update.ts";

export interface UpdateActionStatusDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Moves the row to the reported status where the phase guard allows it; a refused one is OK all the same. `not_found`
 * in the body for an action nobody recorded, so that the watcher records it and tries again.
 */
export async function updateActionStatus(
  deps: UpdateActionStatusDeps,
  request: UpdateActionStatusRequest,
): Promise<UpdateActionStatusResponse> {
  const status = await bodyStatus(deps.logger, async () => {
    const key = actionKey("action_id", request.actionId);
    const update = parseUpdate(request, BigInt(deps.clock.now()) * 1000n);
    const result: ActionResult = {
      ...(request.output === undefined ? {} : { output: request.output }),
      ...(request.principal === undefined ? {} : { principal: request.principal }),
    };
    const known = await write(deps.database, key, update, result);
    if (!known) throw new DataPlaneError("not_found", `update ${actionPath(key)}: no such action`);
  });
  return create(UpdateActionStatusResponseSchema, {
    status,
    ...(request.actionId === undefined ? {} : { actionId: request.actionId }),
  });
}

function write(database: Database, key: ActionKey, update: StatusUpdate, result: ActionResult): Promise<boolean> {
  if (result.output === undefined && result.principal === undefined) return applyStatus(database, key, update);
  return database.transaction(async (transaction) => {
    const known = await mergeResult(transaction, key, result, update.now);
    return known && (await applyStatus(transaction, key, update));
  });
}

function parseUpdate(request: UpdateActionStatusRequest, now: bigint): StatusUpdate {
  const status: ActionStatus | undefined = request.status;
  if (status === undefined) throw invalid("status: missing");
  if (status.phase === ActionPhase.UNSPECIFIED || ActionPhase[status.phase] === undefined) {
    throw invalid(`status.phase: ${status.phase} is no phase`);
  }
  return {
    phase: status.phase,
    attempts: status.attempts,
    cacheStatus: status.cacheStatus,
    now,
    ...(status.startTime === undefined
      ? {}
      : { startedAt: microsFromTimestamp("status.start_time", status.startTime) }),
    ...(status.endTime === undefined ? {} : { endedAt: microsFromTimestamp("status.end_time", status.endTime) }),
    ...(request.abortReason === undefined ? {} : { abortReason: request.abortReason }),
  };
}
