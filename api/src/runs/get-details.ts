import { create } from "@bufbuild/protobuf";
import {
  type GetActionDetailsRequest,
  type GetActionDetailsResponse,
  GetActionDetailsResponseSchema,
  type GetRunDetailsRequest,
  type GetRunDetailsResponse,
  GetRunDetailsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import type { Queryable } from "@flyte-dataplane/runtime/database";
import { actionKey, rootActionName, runKey } from "../identifiers.ts";
import { loadAction, runDetailsOf } from "./action-details.ts";

/** `not_found` for a run without a root action. */
export async function getRunDetails(
  database: Queryable,
  request: GetRunDetailsRequest,
): Promise<GetRunDetailsResponse> {
  const key = { ...runKey("run_id", request.runId), name: rootActionName };
  return create(GetRunDetailsResponseSchema, { details: runDetailsOf(await loadAction(database, key)) });
}

/** The answer's id is the request's own. */
export async function getActionDetails(
  database: Queryable,
  request: GetActionDetailsRequest,
): Promise<GetActionDetailsResponse> {
  const { details } = await loadAction(database, actionKey("action_id", request.actionId), request.actionId);
  return create(GetActionDetailsResponseSchema, { details });
}
