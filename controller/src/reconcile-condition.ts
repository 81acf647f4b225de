/** An action that waits for a signal instead of running a Pod (contract 4.10). Pure. */
import { fromBinary } from "@bufbuild/protobuf";
import type { TaskAction } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { type ConditionAction, ConditionActionSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { initialControlState, readControlState } from "./control-state.ts";
import { giveUp } from "./ending.ts";
import { userFailure } from "./failure.ts";
import { createdMs, final, takeVersion } from "./pass-state.ts";
import type { Observation, Plan } from "./plan.ts";
import { milliseconds } from "./task.ts";

export function reconcileCondition(seen: Observation): Plan {
  const { action, nowMs } = seen;
  const ctl = readControlState(action) ?? initialControlState(createdMs(action, nowMs));
  const pass = { seen, action, ctl, attempt: 1, systemFailures: 0, cacheStatus: 0 };
  const deadlineMs = conditionDeadlineMs(action);
  const signalledMs = Date.parse(action.status?.signalledAt ?? "");
  // The signal that came first wins, however late this pass is.
  const signalled =
    (action.status?.signalValue ?? "") !== "" && !(deadlineMs !== undefined && signalledMs >= deadlineMs);
  if (signalled) {
    return final(pass, {
      phase: ActionPhase.SUCCEEDED,
      pluginPhase: "PhaseSuccess",
      conditionReason: "Signaled",
      message: "",
    });
  }
  const condition = readCondition(action);
  if (condition === undefined)
    return giveUp(
      pass,
      userFailure("InvalidSpec", "the condition's specification is absent or cannot be decoded", "none"),
      "InvalidSpec",
    );
  if (deadlineMs !== undefined && nowMs >= deadlineMs) {
    return giveUp(pass, { ...userFailure("ConditionTimedOut", "no signal came in time", "none"), timedOut: true });
  }
  const next = deadlineMs === undefined ? ({ kind: "never" } as const) : ({ kind: "at", ms: deadlineMs } as const);
  if (action.status?.conditions?.some(({ reason }) => reason === "Paused") === true)
    return { events: [], writes: [], next };
  const message = "waiting for signal";
  const { version, versions } = takeVersion(ctl.versions, ActionPhase.PAUSED, 0);
  return {
    events: [{ attempt: 1, phase: ActionPhase.PAUSED, version, updatedMs: nowMs, message, cacheStatus: 0 }],
    writes: [
      {
        kind: "patch-status",
        status: {
          pluginPhase: "PhaseNotReady",
          conditionReason: "Paused",
          message,
          attempts: 1,
          systemFailures: 0,
          cacheStatus: 0,
          ctl: { ...ctl, reason: message, versions },
        },
      },
    ],
    next,
  };
}

/** The stored specification; undefined when it is absent or broken. */
export function readCondition(action: TaskAction): ConditionAction | undefined {
  const text = action.spec.conditionSpec ?? "";
  if (text === "") return undefined;
  try {
    return fromBinary(ConditionActionSchema, Buffer.from(text, "base64"));
  } catch {
    return undefined;
  }
}

/** When the condition gives up waiting, in milliseconds since the epoch; undefined for never. */
export function conditionDeadlineMs(action: TaskAction): number | undefined {
  const timeout = milliseconds(readCondition(action)?.timeout) ?? 0;
  return timeout > 0 ? createdMs(action, 0) + timeout : undefined;
}
