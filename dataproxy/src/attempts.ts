import { Code, ConnectError } from "@connectrpc/connect";
import type { ActionAttemptIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import type { ActionAttempt, ActionDetails } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import type { DataproxyOptions } from "./options.ts";
import { absent, invalid } from "./refusal.ts";

/** One attempt as the run service knows it; `not_found` when it knows neither action nor attempt. */
export async function findAttempt(
  options: Pick<DataproxyOptions, "runs">,
  operation: string,
  id: ActionAttemptIdentifier,
  signal: AbortSignal,
): Promise<ActionAttempt> {
  return (await findAction(options, operation, id, signal)).attempt;
}

/** The attempt with the action that it belongs to. */
export async function findAction(
  options: Pick<DataproxyOptions, "runs">,
  operation: string,
  id: ActionAttemptIdentifier,
  signal: AbortSignal,
): Promise<{ readonly attempt: ActionAttempt; readonly details: ActionDetails }> {
  if (id.actionId?.run === undefined) throw invalid(operation, "action_attempt_id names no action");
  const action = `"${id.actionId.name}" of run "${id.actionId.run.name}"`;
  const { details } = await options.runs
    .getActionDetails({ actionId: id.actionId }, { signal })
    .catch((error: unknown) => {
      if (ConnectError.from(error).code === Code.NotFound) throw absent(operation, `there is no action ${action}`);
      throw error;
    });
  const attempt = details?.attempts.find((entry) => entry.attempt === id.attempt);
  if (details === undefined || attempt === undefined)
    throw absent(operation, `action ${action} has no attempt ${id.attempt}`);
  return { attempt, details };
}
