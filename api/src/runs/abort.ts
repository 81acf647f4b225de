import { create, toBinary } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import { EnrichedIdentitySchema } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import {
  type AbortActionRequest,
  type AbortActionResponse,
  AbortActionResponseSchema,
  type AbortRunRequest,
  type AbortRunResponse,
  AbortRunResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { statement } from "@flyte-dataplane/runtime/database";
import { type ActionKey, actionKey, actionPath, rootActionName, runKey } from "../identifiers.ts";
import { callerOf, enrichedIdentity } from "../identity/caller.ts";
import { sqlTimeFromMs } from "../times.ts";
import { keyValues, whereKey } from "./action-row.ts";
import { announceSql, wakeDeliverySql } from "./announce.ts";
import type { RunsDeps } from "./runs-deps.ts";

const defaultReason = "User requested abort";

const ended = "COALESCE(actions.ended_at, GREATEST($5::timestamptz, actions.created_at))";

const markAborted = statement<{ present: boolean }>(
  "api_mark_aborted",
  `WITH changed AS (
     UPDATE actions SET phase = 7, updated_at = $5::timestamptz, abort_requested_at = $5::timestamptz,
       abort_next_at = $5::timestamptz, abort_attempt_count = 0, abort_reason = $6, aborted_by = $7,
       ended_at = ${ended}, duration_ms = floor(extract(epoch FROM ${ended} - actions.created_at) * 1000)::bigint
     WHERE ${whereKey} AND actions.phase IN (1, 2, 3, 4, 9)
     RETURNING ${announceSql}, ${wakeDeliverySql}
   )
   SELECT EXISTS (SELECT 1 FROM changed) OR EXISTS (SELECT 1 FROM actions WHERE ${whereKey}) AS present`,
);

/** Marks the root aborted; the cluster follows. `not_found` for an unknown run; a run that ended stays as it ended. */
export async function abortRun(
  deps: RunsDeps,
  request: AbortRunRequest,
  requestHeader: Headers,
): Promise<AbortRunResponse> {
  const key = { ...runKey("run_id", request.runId), name: rootActionName };
  await mark(deps, key, request.reason ?? defaultReason, requestHeader);
  return create(AbortRunResponseSchema);
}

export async function abortAction(
  deps: RunsDeps,
  request: AbortActionRequest,
  requestHeader: Headers,
): Promise<AbortActionResponse> {
  const key = actionKey("action_id", request.actionId);
  await mark(deps, key, request.reason === "" ? defaultReason : request.reason, requestHeader);
  return create(AbortActionResponseSchema);
}

async function mark(deps: RunsDeps, key: ActionKey, reason: string, requestHeader: Headers): Promise<void> {
  const caller = callerOf(deps.config, requestHeader);
  const abortedBy = caller === undefined ? null : toBinary(EnrichedIdentitySchema, enrichedIdentity(caller));
  const now = sqlTimeFromMs(deps.clock.now());
  const { rows } = await deps.database.query(markAborted, [...keyValues(key), now, reason, abortedBy]);
  if (rows[0]?.present !== true) throw new DataPlaneError("not_found", `abort ${actionPath(key)}: no such action`);
}
