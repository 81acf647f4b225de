/** Who an action is, in the words of requests and of resources. */
import {
  DataPlaneError,
  type TaskAction,
  taskActionLimits,
  taskActionName,
  wireActionName,
} from "@flyte-dataplane/core";
import type { ActionIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";

/** A checked identifier; `action` is `a0` for a root however it was named. */
export interface ActionName {
  readonly project: string;
  readonly domain: string;
  readonly run: string;
  readonly action: string;
  /** Name of the TaskAction. */
  readonly resource: string;
}

/** Throws `invalid_argument` naming what is absent or too long. */
export function actionName(operation: string, id: ActionIdentifier | undefined): ActionName {
  const { label, name } = taskActionLimits;
  const run = part(operation, "action_id.run.name", id?.run?.name, name);
  const action = wireActionName(run, part(operation, "action_id.name", id?.name, name));
  return {
    project: part(operation, "action_id.run.project", id?.run?.project, label),
    domain: part(operation, "action_id.run.domain", id?.run?.domain, label),
    run,
    action,
    resource: taskActionName(run, action),
  };
}

/** The resource's name says nothing about project and domain, so a namesake of another project may stand in its place. */
export function isSameAction({ spec }: TaskAction, name: ActionName): boolean {
  return (
    spec.project === name.project &&
    spec.domain === name.domain &&
    spec.runName === name.run &&
    spec.actionName === name.action
  );
}

export function part(operation: string, field: string, value: string | undefined, maxLength: number): string {
  if (value === undefined || value === "")
    throw new DataPlaneError("invalid_argument", `${operation}: ${field} is missing`);
  if (value.length <= maxLength) return value;
  throw new DataPlaneError(
    "invalid_argument",
    `${operation}: ${field} has ${value.length} characters; the limit is ${maxLength}`,
  );
}
