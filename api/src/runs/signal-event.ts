import { create } from "@bufbuild/protobuf";
import { type Literal, LiteralSchema, PrimitiveSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import {
  type EventPayload,
  type SignalEventRequest,
  type SignalEventResponse,
  SignalEventResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { fromConnectError } from "@flyte-dataplane/runtime/server";
import { actionIdentifier, actionKey, invalid } from "../identifiers.ts";
import { callerOf, enrichedIdentity } from "../identity/caller.ts";
import type { RunsDeps } from "./runs-deps.ts";

/** Hands the value to the waiting condition; the actions service's errors pass unchanged. */
export async function signalEvent(
  deps: RunsDeps,
  request: SignalEventRequest,
  requestHeader: Headers,
  signal: AbortSignal,
): Promise<SignalEventResponse> {
  const key = actionKey("action_id", request.actionId);
  const caller = callerOf(deps.config, requestHeader);
  const message = {
    actionId: request.actionId ?? actionIdentifier(key),
    parentActionName: request.parentActionName,
    value: literalOf(request.payload),
    ...(caller === undefined ? {} : { signalledBy: enrichedIdentity(caller) }),
  };
  try {
    await deps.actions.signal(message, { signal, timeoutMs: deps.config.delivery.callTimeoutMs });
  } catch (error) {
    throw fromConnectError(error, "signal");
  }
  return create(SignalEventResponseSchema);
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
