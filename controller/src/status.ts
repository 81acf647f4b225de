/** The status a pass wants, and the merge patch that makes it so. Pure. */
import {
  type ConditionReason,
  type ConditionStatus,
  type ConditionType,
  findCondition,
  type PhaseTransition,
  type PluginPhase,
  type TaskAction,
  type TaskActionCondition,
  type TaskActionStatus,
  taskActionLimits,
} from "@flyte-dataplane/core";
import type { MergePatch } from "./cluster/cluster.ts";
import { type ControlState, stateJson } from "./control-state.ts";
import type { Failure } from "./failure.ts";
import { truncate } from "./truncate.ts";

export interface NextStatus {
  readonly pluginPhase: PluginPhase;
  readonly conditionReason: ConditionReason;
  /** For people; absent on success. */
  readonly message: string;
  readonly attempts: number;
  readonly systemFailures: number;
  /** A core.CatalogCacheStatus. */
  readonly cacheStatus: number;
  readonly failure?: Failure;
  readonly ctl: ControlState;
}

const waitingReasons: ReadonlySet<ConditionReason> = new Set([
  "Queued",
  "Initializing",
  "Executing",
  "RetryableFailure",
  "Paused",
]);
const successReasons: ReadonlySet<ConditionReason> = new Set(["Completed", "Signaled"]);

/** A merge patch for the status subresource; holds only if the object is still the one that `action` shows. */
export function statusPatch(action: TaskAction, next: NextStatus, nowMs: number): MergePatch {
  const nowText = new Date(nowMs).toISOString();
  const { resourceVersion } = action.metadata;
  const conditions = nextConditions(action, next, nowText);
  const status: { [K in keyof TaskActionStatus]: TaskActionStatus[K] | null } = {
    stateJson: stateJson(action, next.pluginPhase, next.ctl, nowMs),
    pluginPhase: next.pluginPhase,
    pluginPhaseVersion: highestVersion(next.ctl),
    attempts: next.attempts,
    systemFailures: next.systemFailures,
    cacheStatus: next.cacheStatus,
    conditions,
    phaseHistory: nextHistory(action.status?.phaseHistory ?? [], next, nowText),
    errorState:
      next.failure === undefined
        ? null
        : {
            code: next.failure.code,
            kind: next.failure.kind,
            message: truncate(next.failure.message, taskActionLimits.errorMessageBytes),
          },
  };
  return { ...(resourceVersion === undefined ? {} : { metadata: { resourceVersion } }), status };
}

function nextConditions(action: TaskAction, next: NextStatus, now: string): readonly TaskActionCondition[] {
  const reason = next.conditionReason;
  const message = truncate(next.message, taskActionLimits.conditionMessageBytes);
  const condition = (type: ConditionType, status: ConditionStatus): TaskActionCondition => {
    const before = findCondition(action, type);
    return {
      type,
      status,
      reason,
      message,
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
    };
  };
  const others = (action.status?.conditions ?? []).filter(
    ({ type }) => !["Progressing", "Succeeded", "Failed"].includes(type),
  );
  if (waitingReasons.has(reason)) return [condition("Progressing", "True"), ...others];
  return [
    condition("Progressing", "False"),
    condition(successReasons.has(reason) ? "Succeeded" : "Failed", "True"),
    ...others,
  ];
}

/** Append-only, no equal neighbours, bounded: the beginning and the latest entries stay. */
function nextHistory(
  history: readonly PhaseTransition[],
  next: NextStatus,
  occurredAt: string,
): readonly PhaseTransition[] {
  if (history.at(-1)?.phase === next.conditionReason) return history;
  const entry = {
    phase: next.conditionReason,
    occurredAt,
    message: truncate(next.message, taskActionLimits.historyMessageBytes),
  };
  const all = [...history, entry];
  const { historyHead, historyTail } = taskActionLimits;
  if (all.length <= historyHead + historyTail) return all;
  const tail = all.slice(all.length - historyTail);
  // The cut may bring two entries of one phase together.
  const head = all.slice(0, historyHead);
  return head.at(-1)?.phase === tail[0]?.phase ? [...head, ...tail.slice(1)] : [...head, ...tail];
}

function highestVersion(ctl: ControlState): number {
  return Math.max(0, ...Object.values(ctl.versions));
}

/** The condition reason that stands for a live plugin phase. */
export function liveReason(phase: PluginPhase): ConditionReason {
  if (phase === "PhaseInitializing") return "Initializing";
  return phase === "PhaseRunning" ? "Executing" : "Queued";
}
