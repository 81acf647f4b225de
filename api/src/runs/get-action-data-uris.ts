import { create } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { ActionType } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import {
  type GetActionDataURIsRequest,
  type GetActionDataURIsResponse,
  GetActionDataURIsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import type { Queryable } from "@flyte-dataplane/runtime/database";
import { actionKey, actionPath } from "../identifiers.ts";
import { loadAction } from "./action-details.ts";

/**
 * Where the action's inputs lie, and its outputs once it has succeeded; before that and for conditions, which have a
 * value instead of a file, the outputs are empty. `not_found` without an action, or without the outputs of a success.
 */
export async function getActionDataUris(
  database: Queryable,
  request: GetActionDataURIsRequest,
): Promise<GetActionDataURIsResponse> {
  const key = actionKey("action_id", request.actionId);
  const { row, info, details } = await loadAction(database, key);
  if (row.detailedInfo === null) {
    throw new DataPlaneError("not_found", `action ${actionPath(key)}: where its inputs lie was never recorded`);
  }
  const { inputsUri } = info;
  const succeeded = row.phase === ActionPhase.SUCCEEDED || row.phase === ActionPhase.RECOVERED;
  if (!succeeded || row.actionType === ActionType.CONDITION) {
    return create(GetActionDataURIsResponseSchema, { inputsUri });
  }
  const outputsUri =
    row.actionType === ActionType.TRACE ? info.outputsUri : (details.attempts.at(-1)?.outputs?.outputUri ?? "");
  if (outputsUri === "") {
    throw new DataPlaneError("not_found", `action ${actionPath(key)}: where its outputs lie is not recorded`);
  }
  return create(GetActionDataURIsResponseSchema, { inputsUri, outputsUri });
}
