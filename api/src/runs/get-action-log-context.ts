import { create } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  type GetActionLogContextRequest,
  type GetActionLogContextResponse,
  GetActionLogContextResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import type { Queryable } from "@flyte-dataplane/runtime/database";
import { actionKey, actionPath, invalid } from "../identifiers.ts";
import { loadAttempts } from "./action-details.ts";

/** The newest log context of the attempt, even where later events carry none. `not_found` until there is one. */
export async function getActionLogContext(
  database: Queryable,
  request: GetActionLogContextRequest,
): Promise<GetActionLogContextResponse> {
  const key = actionKey("action_id", request.actionId);
  if (request.attempt === 0) throw invalid("attempt: must be above 0");
  const [attempt] = await loadAttempts(database, key, request.attempt);
  if (attempt?.logContext === undefined) {
    throw new DataPlaneError(
      "not_found",
      `logs of ${actionPath(key)} attempt ${request.attempt}: not there yet, or never were`,
    );
  }
  const { logContext, cluster, startTime, endTime } = attempt;
  return create(GetActionLogContextResponseSchema, {
    logContext,
    cluster,
    ...(startTime === undefined ? {} : { startTime }),
    ...(endTime === undefined ? {} : { endTime }),
  });
}
