/** An action as watchers see it (contract 3.3). Pure. */
import { create, fromBinary } from "@bufbuild/protobuf";
import { currentAttempt, type TaskAction } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { ContainerError_Kind, ExecutionError_ErrorKind } from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { type ActionUpdate, ActionUpdateSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/state_service";
import { actionPhase, isTerminalPhase } from "../action-phase.ts";
import { actionIdentifier, outputPrefix } from "../events/action-event.ts";

/** `deleted`: what has not ended by now was aborted. */
export function actionUpdate(action: TaskAction, deleted: boolean): ActionUpdate {
  const standing = actionPhase(action);
  const phase = deleted && !isTerminalPhase(standing) ? ActionPhase.ABORTED : standing;
  const error = phase === ActionPhase.FAILED || phase === ActionPhase.TIMED_OUT ? executionError(action) : undefined;
  const value = signalledValue(action);
  return create(ActionUpdateSchema, {
    actionId: actionIdentifier(action),
    phase,
    // Where the outputs will be is known from the start; conditions have none.
    outputUri: action.spec.actionType === "condition" ? "" : (outputPrefix(action, currentAttempt(action)) ?? ""),
    ...(error === undefined ? {} : { error }),
    ...(value === undefined ? {} : { value }),
  });
}

/** The literal of a signalled condition. */
export function signalledValue(action: TaskAction): Literal | undefined {
  const text = action.status?.signalValue ?? "";
  if (text === "" || actionPhase(action) !== ActionPhase.SUCCEEDED) return undefined;
  return fromBinary(LiteralSchema, Buffer.from(text, "base64"));
}

const kinds = {
  USER: ExecutionError_ErrorKind.USER,
  SYSTEM: ExecutionError_ErrorKind.SYSTEM,
  "": ExecutionError_ErrorKind.UNKNOWN,
} as const;

function executionError(action: TaskAction) {
  const state = action.status?.errorState;
  if (state === undefined) return undefined;
  return {
    code: state.code ?? "",
    message: state.message ?? "",
    kind: kinds[state.kind ?? ""],
    recoverability: ContainerError_Kind.NON_RECOVERABLE,
  };
}
