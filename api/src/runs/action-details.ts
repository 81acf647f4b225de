/** Everything about one action: its row, its spec, and its attempts merged from events. */
import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { ActionIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { EnrichedIdentitySchema } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { RunSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/run";
import { TaskSpecSchema, TraceSpecSchema } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";
import {
  type ActionAttempt,
  type ActionDetails,
  ActionDetailsSchema,
  ActionEventSchema,
  ActionSpecSchema,
  ActionType,
  ErrorInfoSchema,
  type RunDetails,
  RunDetailsSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { type RunInfo, RunInfoSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_info";
import type { Queryable } from "@flyte-dataplane/runtime/database";
import { type ActionKey, actionIdentifier, actionPath } from "../identifiers.ts";
import type { ActionDetailsRow } from "./action-row.ts";
import { metadataOf, statusOf } from "./action-view.ts";
import { attemptsOf } from "./attempts.ts";
import { readActionDetails, readEvents, readSpec } from "./read-actions.ts";

type Init = MessageInitShape<typeof ActionDetailsSchema>;

export interface LoadedAction {
  readonly row: ActionDetailsRow;
  readonly info: RunInfo;
  readonly details: ActionDetails;
}

/**
 * Rejects with `not_found` for an action without a row, `data_loss` if its spec is neither in task_specs nor in the
 * row. `id` is the identifier to show: the caller's own, so that it gets its org back.
 */
export async function loadAction(
  database: Queryable,
  key: ActionKey,
  id: ActionIdentifier = actionIdentifier(key),
): Promise<LoadedAction> {
  const row = await readActionDetails(database, key);
  if (row === undefined) throw new DataPlaneError("not_found", `action ${actionPath(key)}: no such action`);
  const info = fromBinary(RunInfoSchema, row.detailedInfo ?? new Uint8Array());
  const [spec, attempts] = await Promise.all([specOf(database, row, info), loadAttempts(database, key)]);
  const details = create(ActionDetailsSchema, {
    id,
    metadata: metadataOf(row),
    status: statusOf(row),
    result: resultOf(row, info, attempts),
    spec,
    attempts: [...attempts],
  });
  return { row, info, details };
}

export async function loadAttempts(
  database: Queryable,
  key: ActionKey,
  attempt?: number,
): Promise<readonly ActionAttempt[]> {
  const events = await readEvents(database, key, attempt);
  return attemptsOf(events.map((bytes) => fromBinary(ActionEventSchema, bytes)));
}

export function runDetailsOf(loaded: LoadedAction): RunDetails {
  const runSpec = runSpecOf(loaded.row);
  return create(RunDetailsSchema, { action: loaded.details, ...(runSpec === undefined ? {} : { runSpec }) });
}

function runSpecOf(row: ActionDetailsRow) {
  if (row.runSpec !== null && row.runSpec.length > 0) return fromBinary(RunSpecSchema, row.runSpec);
  return row.actionSpec === null ? undefined : fromBinary(ActionSpecSchema, row.actionSpec).runSpec;
}

async function specOf(database: Queryable, row: ActionDetailsRow, info: RunInfo): Promise<NonNullable<Init["spec"]>> {
  if (row.actionType === ActionType.CONDITION) {
    return info.condition === undefined ? { case: undefined } : { case: "condition", value: info.condition };
  }
  const bytes = info.taskSpecDigest === "" ? undefined : await readSpec(database, info.taskSpecDigest);
  if (bytes !== undefined) {
    return row.actionType === ActionType.TRACE
      ? { case: "trace", value: fromBinary(TraceSpecSchema, bytes) }
      : { case: "task", value: fromBinary(TaskSpecSchema, bytes) };
  }
  const stored = row.actionSpec === null ? undefined : fromBinary(ActionSpecSchema, row.actionSpec).spec;
  if (stored?.case === "task" && stored.value.spec !== undefined) return { case: "task", value: stored.value.spec };
  if (stored?.case === "trace" && stored.value.spec !== undefined) return { case: "trace", value: stored.value.spec };
  if (info.taskSpecDigest === "") return { case: undefined };
  throw new DataPlaneError("data_loss", `action ${actionPath(row)}: its spec is no longer stored`);
}

function resultOf(
  row: ActionDetailsRow,
  info: RunInfo,
  attempts: readonly ActionAttempt[],
): NonNullable<Init["result"]> {
  if (row.phase === ActionPhase.ABORTED) {
    const abortedBy = row.abortedBy === null ? {} : { abortedBy: fromBinary(EnrichedIdentitySchema, row.abortedBy) };
    return { case: "abortInfo", value: { reason: row.abortReason ?? "", ...abortedBy } };
  }
  if (row.phase === ActionPhase.FAILED || row.phase === ActionPhase.TIMED_OUT) return errorOf(row, attempts);
  if (row.actionType === ActionType.CONDITION && (info.output !== undefined || info.principal !== undefined)) {
    return {
      case: "signalInfo",
      value: {
        ...(info.principal === undefined ? {} : { signalledBy: info.principal }),
        ...(info.output === undefined ? {} : { output: info.output }),
      },
    };
  }
  return { case: undefined };
}

/** The error of the attempt the row speaks of; of an earlier one it would be a lie. */
function errorOf(row: ActionDetailsRow, attempts: readonly ActionAttempt[]): NonNullable<Init["result"]> {
  const last = attempts.at(-1);
  if (last?.errorInfo !== undefined && last.attempt === row.attempts)
    return { case: "errorInfo", value: last.errorInfo };
  if (row.errorInfo !== null) return { case: "errorInfo", value: fromBinary(ErrorInfoSchema, row.errorInfo) };
  return { case: undefined };
}
