/** Signal: gives a waiting condition its value, once (contract 3.6). */
import { create, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  actionTypeOf,
  type Clock,
  DataPlaneError,
  type ErrorCode,
  errorCode,
  isTerminal,
  type TaskAction,
} from "@flyte-dataplane/core";
import {
  type SignalRequest,
  type SignalResponse,
  SignalResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import type { Cluster } from "../cluster/cluster.ts";
import { conditionDeadlineMs, readCondition } from "../reconcile-condition.ts";
import { subjectOf } from "./abort.ts";
import { actionName, isSameAction } from "./action-name.ts";

const conflictTries = 5;
const conflictDelayMs = 10;

export function createSignal(
  cluster: Cluster,
  clock: Clock,
): (request: SignalRequest, signal: AbortSignal) => Promise<SignalResponse> {
  const attempt = async (request: SignalRequest, signal: AbortSignal): Promise<SignalResponse> => {
    const name = actionName("signal", request.actionId);
    const fail = (code: ErrorCode, what: string, cause?: unknown): DataPlaneError =>
      new DataPlaneError(code, `signal ${name.resource}: ${what}`, { ref: name.resource, cause });
    const type = primitiveType(request.value);
    if (request.value === undefined || type === undefined)
      throw fail("invalid_argument", "the value must be a boolean, an integer, a float or a string");
    const action = await cluster.taskActions.get(name.resource, { signal });
    if (!isSameAction(action, name)) throw fail("not_found", "condition not found");
    if (actionTypeOf(action) !== "condition") throw fail("failed_precondition", "the action is not a condition");
    const standing = standingValue(action);
    if (standing !== undefined) {
      if (equals(LiteralSchema, standing, request.value)) return create(SignalResponseSchema);
      throw fail("failed_precondition", "it was signalled with another value already");
    }
    if (isTerminal(action)) throw fail("failed_precondition", "it has ended already");
    const deadlineMs = conditionDeadlineMs(action);
    if (deadlineMs !== undefined && clock.now() >= deadlineMs) throw fail("failed_precondition", "it timed out");
    const declared = readCondition(action);
    if (declared === undefined) throw fail("failed_precondition", "its specification cannot be read");
    if (declared.type?.type.case !== "simple" || declared.type.type.value !== type)
      throw fail("invalid_argument", `the value is not of the declared type`);
    const { resourceVersion } = action.metadata;
    await cluster.taskActions.patch(
      name.resource,
      {
        ...(resourceVersion === undefined ? {} : { metadata: { resourceVersion } }),
        status: {
          signalValue: Buffer.from(toBinary(LiteralSchema, request.value)).toString("base64"),
          signalledBy: subjectOf(request.signalledBy),
          signalledAt: new Date(clock.now()).toISOString().replace(/\.\d{3}Z$/, "Z"),
        },
      },
      { subresource: "status", signal },
    );
    return create(SignalResponseSchema);
  };

  return async (request, signal) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt(request, signal);
      } catch (error) {
        // Someone wrote in between; the next try sees what.
        if (errorCode(error) !== "aborted" || tries >= conflictTries) throw error;
        await clock.sleep(conflictDelayMs * 2 ** (tries - 1), { signal });
      }
    }
  };
}

function standingValue(action: TaskAction): Literal | undefined {
  const text = action.status?.signalValue ?? "";
  return text === "" ? undefined : fromBinary(LiteralSchema, Buffer.from(text, "base64"));
}

function primitiveType(value: Literal | undefined): SimpleType | undefined {
  if (value?.value.case !== "scalar" || value.value.value.value.case !== "primitive") return undefined;
  switch (value.value.value.value.value.value.case) {
    case "boolean":
      return SimpleType.BOOLEAN;
    case "integer":
      return SimpleType.INTEGER;
    case "floatValue":
      return SimpleType.FLOAT;
    case "stringValue":
      return SimpleType.STRING;
    default:
      return undefined;
  }
}
