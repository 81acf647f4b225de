import { create } from "@bufbuild/protobuf";
import { type Literal, LiteralSchema, PrimitiveSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import {
  type EventPayload,
  type SignalEventRequest,
  type SignalEventResponse,
  SignalEventResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { statement } from "@flyte-dataplane/runtime/database";
import { fromConnectError } from "@flyte-dataplane/runtime/server";
import { type ActionKey, actionIdentifier, actionKey, invalid } from "../identifiers.ts";
import { callerOf, enrichedIdentity } from "../identity/caller.ts";
import { keyValues } from "./action-row.ts";
import type { RunsDeps } from "./runs-deps.ts";

const selectWaiting = statement<{ name: string; parent: string | null }>(
  "api_condition_by_name",
  `SELECT name, parent_action_name AS parent FROM actions
   WHERE project = $1 AND domain = $2 AND run_name = $3
     AND (name = $4 OR (action_type = 3 AND task_name = $4 AND phase IN (1, 2, 3, 4, 9)))
   ORDER BY name = $4 DESC, created_at, name LIMIT 1`,
);

/** Hands the value to the waiting condition; the actions service's errors pass unchanged. */
export async function signalEvent(
  deps: RunsDeps,
  request: SignalEventRequest,
  requestHeader: Headers,
  signal: AbortSignal,
): Promise<SignalEventResponse> {
  const given = actionKey("action_id", request.actionId);
  const value = literalOf(request.payload);
  const waiting = await findWaiting(deps, given);
  const caller = callerOf(deps.config, requestHeader);
  const message = {
    actionId: actionIdentifier({ ...given, name: waiting?.name ?? given.name }),
    parentActionName: request.parentActionName === "" ? (waiting?.parent ?? "") : request.parentActionName,
    value,
    ...(caller === undefined ? {} : { signalledBy: enrichedIdentity(caller) }),
  };
  try {
    await deps.actions.signal(message, { signal, timeoutMs: deps.config.delivery.callTimeoutMs });
  } catch (error) {
    throw fromConnectError(error, "signal");
  }
  return create(SignalEventResponseSchema);
}

/** People know a condition by the name in their code, the system by its action: the action's name goes first. */
async function findWaiting(deps: RunsDeps, key: ActionKey) {
  return (await deps.database.query(selectWaiting, keyValues(key))).rows[0];
}

function literalOf(payload: EventPayload | undefined): Literal {
  const value = payload?.value;
  switch (value?.case) {
    case "boolValue":
      return scalar({ case: "boolean", value: value.value });
    case "intValue":
      return scalar({ case: "integer", value: value.value });
    case "floatValue":
      return scalar({ case: "floatValue", value: value.value });
    case "stringValue":
      return scalar({ case: "stringValue", value: value.value });
    default:
      throw invalid("payload: one of bool_value, int_value, float_value and string_value must be given");
  }
}

type PrimitiveValue =
  | { readonly case: "boolean"; readonly value: boolean }
  | { readonly case: "integer"; readonly value: bigint }
  | { readonly case: "floatValue"; readonly value: number }
  | { readonly case: "stringValue"; readonly value: string };

function scalar(value: PrimitiveValue): Literal {
  const primitive = create(PrimitiveSchema, { value });
  return create(LiteralSchema, {
    value: { case: "scalar", value: { value: { case: "primitive", value: primitive } } },
  });
}
