import { create, toBinary } from "@bufbuild/protobuf";
import type { Clock, Logger } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { TaskSpecSchema, TraceSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import {
  type RecordActionRequest,
  type RecordActionResponse,
  RecordActionResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import {
  ActionSpecSchema,
  ActionType,
  type ConditionAction,
  type TaskAction,
  type TraceAction,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { RunInfoSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_info";
import type { Database, Transaction } from "@flyte-dataplane/runtime/database";
import { type ActionKey, actionKey, invalid } from "../identifiers.ts";
import { insertActionRow, type NewAction, storeSpec } from "../runs/insert-action.ts";
import { isTerminal } from "../runs/phases.ts";
import { microsFromTimestamp } from "../times.ts";
import { bodyStatus } from "./body-status.ts";

export interface RecordActionDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Inserts the action's row if there is none; an existing one stays as it is, and both answers are OK. */
export async function recordAction(
  deps: RecordActionDeps,
  request: RecordActionRequest,
): Promise<RecordActionResponse> {
  const status = await bodyStatus(deps.logger, async () => {
    const key = actionKey("action_id", request.actionId);
    const now = BigInt(deps.clock.now()) * 1000n;
    await deps.database.transaction(async (transaction) => {
      await insertActionRow(transaction, await rowOf(transaction, key, request, now));
    });
  });
  return create(RecordActionResponseSchema, {
    status,
    ...(request.actionId === undefined ? {} : { actionId: request.actionId }),
  });
}

async function rowOf(transaction: Transaction, key: ActionKey, request: RecordActionRequest, now: bigint) {
  const { spec } = request;
  switch (spec.case) {
    case "task":
      return taskRow(transaction, shared(key, request, now), request, spec.value);
    case "trace":
      return traceRow(transaction, shared(key, request, now), request, spec.value);
    case "condition":
      return conditionRow(shared(key, request, now), request, spec.value);
    default:
      throw invalid("spec: one of task, trace and condition must be given");
  }
}

type Shared = ReturnType<typeof shared>;

function shared(key: ActionKey, request: RecordActionRequest, now: bigint) {
  return {
    ...key,
    parentActionName: request.parent,
    actionGroup: request.group,
    phase: ActionPhase.QUEUED,
    createdAt: now,
    updatedAt: now,
    actionSpec: toBinary(
      ActionSpecSchema,
      create(ActionSpecSchema, {
        ...(request.actionId === undefined ? {} : { actionId: request.actionId }),
        ...(request.parent === "" ? {} : { parentActionName: request.parent }),
        group: request.group,
        inputUri: request.inputUri,
        spec: request.spec,
      }),
    ),
  };
}

async function taskRow(
  transaction: Transaction,
  base: Shared,
  request: RecordActionRequest,
  task: TaskAction,
): Promise<NewAction> {
  const spec = task.spec;
  if (spec === undefined) throw invalid("task.spec: missing");
  const id = task.id ?? spec.taskTemplate?.id;
  const name = id?.name ?? "";
  const digest = await storeSpec(transaction, toBinary(TaskSpecSchema, spec), base.updatedAt);
  return {
    ...base,
    actionType: ActionType.TASK,
    task: {
      project: id?.project ?? "",
      domain: id?.domain ?? "",
      name,
      version: id?.version ?? "",
      type: spec.taskTemplate?.type ?? "",
    },
    shortName: spec.shortName === "" ? name : spec.shortName,
    functionName: name,
    environmentName: spec.environment?.name ?? "",
    runInfo: infoBytes({ taskSpecDigest: digest, inputsUri: request.inputUri }),
  };
}

async function traceRow(
  transaction: Transaction,
  base: Shared,
  request: RecordActionRequest,
  trace: TraceAction,
): Promise<NewAction> {
  const phase = trace.phase === ActionPhase.UNSPECIFIED ? ActionPhase.SUCCEEDED : trace.phase;
  // A trace is reported when it is over; its own start keeps it behind its parent and before what it called.
  const createdAt =
    trace.startTime === undefined ? base.createdAt : microsFromTimestamp("trace.start_time", trace.startTime);
  const stated = trace.endTime === undefined ? undefined : microsFromTimestamp("trace.end_time", trace.endTime);
  const endedAt = stated ?? (isTerminal(phase) ? base.updatedAt : undefined);
  const digest =
    trace.spec === undefined ? "" : await storeSpec(transaction, toBinary(TraceSpecSchema, trace.spec), base.updatedAt);
  return {
    ...base,
    phase,
    createdAt,
    actionType: ActionType.TRACE,
    taskName: trace.name,
    functionName: trace.name,
    runInfo: infoBytes({
      taskSpecDigest: digest,
      inputsUri: request.inputUri,
      outputsUri: trace.outputs?.outputUri ?? "",
    }),
    ...(endedAt === undefined ? {} : { endedAt: endedAt < createdAt ? createdAt : endedAt }),
  };
}

function conditionRow(base: Shared, request: RecordActionRequest, condition: ConditionAction): NewAction {
  return {
    ...base,
    actionType: ActionType.CONDITION,
    taskName: condition.name,
    functionName: condition.name,
    runInfo: infoBytes({ inputsUri: request.inputUri, condition }),
  };
}

function infoBytes(info: {
  readonly taskSpecDigest?: string;
  readonly inputsUri: string;
  readonly outputsUri?: string;
  readonly condition?: ConditionAction;
}): Uint8Array {
  return toBinary(RunInfoSchema, create(RunInfoSchema, info));
}
