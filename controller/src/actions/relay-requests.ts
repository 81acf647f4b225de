/** What the relay sends to the run service (contract 8.2). Pure. */
import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  abortedByAnnotation,
  abortReasonAnnotation,
  actionTypeOf,
  currentAttempt,
  type TaskAction,
} from "@flyte-dataplane/core";
import { type EnrichedIdentity, EnrichedIdentitySchema } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { TaskTemplateSchema } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import {
  type RecordActionRequest,
  RecordActionRequestSchema,
  type UpdateActionStatusRequest,
  UpdateActionStatusRequestSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { ConditionActionSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { actionIdentifier } from "../events/action-event.ts";
import { createdMs } from "../pass-state.ts";
import { signalledValue } from "./action-update.ts";

/** Throws for an action whose stored template or condition cannot be decoded; Enqueue never makes one. */
export function recordRequest(action: TaskAction): RecordActionRequest {
  const { spec } = action;
  return create(RecordActionRequestSchema, {
    actionId: actionIdentifier(action),
    parent: spec.parentActionName ?? "",
    group: spec.group ?? "",
    inputUri: spec.inputUri ?? "",
    spec: actionTypeOf(action) === "condition" ? conditionSpec(action) : taskSpec(action),
  });
}

function taskSpec({ spec }: TaskAction) {
  const taskTemplate = fromBinary(TaskTemplateSchema, Buffer.from(spec.taskTemplate ?? "", "base64"));
  const { org = "", project = "", domain = "", name = "", version = "" } = taskTemplate.id ?? {};
  return {
    case: "task" as const,
    value: {
      id: { org, project, domain, name, version },
      spec: { taskTemplate, shortName: spec.shortName ?? "" },
      ...(spec.cacheKey === undefined ? {} : { cacheKey: spec.cacheKey }),
    },
  };
}

function conditionSpec({ spec }: TaskAction) {
  return {
    case: "condition" as const,
    value: fromBinary(ConditionActionSchema, Buffer.from(spec.conditionSpec ?? "", "base64")),
  };
}

export function statusRequest(action: TaskAction, phase: ActionPhase): UpdateActionStatusRequest {
  const annotations = action.metadata.annotations ?? {};
  const aborted = phase === ActionPhase.ABORTED;
  const output = signalledValue(action);
  const reason = aborted ? annotations[abortReasonAnnotation] : undefined;
  const subject = aborted
    ? annotations[abortedByAnnotation]
    : output === undefined
      ? undefined
      : action.status?.signalledBy;
  return create(UpdateActionStatusRequestSchema, {
    actionId: actionIdentifier(action),
    status: {
      phase,
      attempts: currentAttempt(action),
      cacheStatus: action.status?.cacheStatus ?? 0,
      startTime: timestampFromMs(createdMs(action, 0)),
    },
    ...(output === undefined ? {} : { output }),
    ...(reason === undefined ? {} : { abortReason: reason }),
    ...(subject === undefined || subject === "" ? {} : { principal: user(subject) }),
  });
}

function user(subject: string): EnrichedIdentity {
  return create(EnrichedIdentitySchema, { principal: { case: "user", value: { id: { subject } } } });
}
