/** The phase of an action as everyone outside sees it, read from its conditions (contract 3.8). */
import { findCondition, type TaskAction } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";

export function actionPhase(action: TaskAction): ActionPhase {
  if (findCondition(action, "Succeeded")?.status === "True") return ActionPhase.SUCCEEDED;
  const failed = findCondition(action, "Failed");
  if (failed?.status === "True") return failed.reason === "TimedOut" ? ActionPhase.TIMED_OUT : ActionPhase.FAILED;
  const progressing = findCondition(action, "Progressing");
  if (progressing?.status !== "True") return ActionPhase.UNSPECIFIED;
  switch (progressing.reason) {
    case "Queued":
      return ActionPhase.QUEUED;
    case "Initializing":
      return ActionPhase.INITIALIZING;
    case "Executing":
      return ActionPhase.RUNNING;
    case "Paused":
      return ActionPhase.PAUSED;
    default:
      return ActionPhase.UNSPECIFIED;
  }
}

const terminal: ReadonlySet<ActionPhase> = new Set([
  ActionPhase.SUCCEEDED,
  ActionPhase.FAILED,
  ActionPhase.ABORTED,
  ActionPhase.TIMED_OUT,
  ActionPhase.RECOVERED,
]);

export function isTerminalPhase(phase: ActionPhase): boolean {
  return terminal.has(phase);
}
