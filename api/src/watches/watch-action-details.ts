import { create, equals } from "@bufbuild/protobuf";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import {
  type ActionDetails,
  ActionDetailsSchema,
  ActionType,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import {
  type WatchActionDetailsRequest,
  type WatchActionDetailsResponse,
  WatchActionDetailsResponseSchema,
  type WatchRunDetailsRequest,
  type WatchRunDetailsResponse,
  WatchRunDetailsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { type ActionKey, actionKey, rootActionName, runKey } from "../identifiers.ts";
import { type LoadedAction, loadAction, runDetailsOf } from "../runs/action-details.ts";
import { isTerminal } from "../runs/phases.ts";
import type { RunsDeps } from "../runs/runs-deps.ts";
import type { ChangeBatch, ChangeSubscription } from "./changes.ts";
import { deadlineAfter, nextOrIdle } from "./deadline.ts";

/** The whole state at once and after each change; ends after the message whose phase is terminal. */
export async function* watchActionDetails(
  deps: RunsDeps,
  request: WatchActionDetailsRequest,
  signal: AbortSignal,
): AsyncIterable<WatchActionDetailsResponse> {
  const key = actionKey("action_id", request.actionId);
  const load = () => loadAction(deps.database, key, request.actionId);
  for await (const { details } of follow(deps, key, load, signal)) {
    yield create(WatchActionDetailsResponseSchema, { details });
  }
}

export async function* watchRunDetails(
  deps: RunsDeps,
  request: WatchRunDetailsRequest,
  signal: AbortSignal,
): AsyncIterable<WatchRunDetailsResponse> {
  const key = { ...runKey("run_id", request.runId), name: rootActionName };
  const load = () => loadAction(deps.database, key);
  for await (const loaded of follow(deps, key, load, signal)) {
    yield create(WatchRunDetailsResponseSchema, { details: runDetailsOf(loaded) });
  }
}

/**
 * States of one action, the same again only to keep an idle stream alive. A terminal one comes last: it is kept back until the event that
 * carries its outputs or its error is stored, because a reader leaves with it and asks for just these.
 */
async function* follow(
  deps: RunsDeps,
  key: ActionKey,
  load: () => Promise<LoadedAction>,
  signal: AbortSignal,
): AsyncIterable<LoadedAction> {
  const subscription = await deps.changes.actionsOf(key);
  try {
    let sent: ActionDetails | undefined;
    for (;;) {
      const loaded = await settled(deps, key, load, subscription, signal);
      if (sent === undefined || !equals(ActionDetailsSchema, sent, loaded.details)) {
        sent = loaded.details;
        yield loaded;
      }
      if (isTerminal(loaded.row.phase)) return;
      const idle = { clock: deps.clock, idleMs: deps.config.watchKeepAliveMs, signal };
      let batch = await nextOrIdle(subscription, idle);
      while (batch !== undefined && !concerns(batch, key)) batch = await nextOrIdle(subscription, idle);
      // Nothing happened for a while: the last state goes out once more, so that no proxy takes the stream for dead.
      if (batch === undefined) sent = undefined;
    }
  } finally {
    subscription.close();
  }
}

/** The action as it is, or, when it looks finished, as it is once that is the whole truth or the wait is over. */
async function settled(
  deps: RunsDeps,
  key: ActionKey,
  load: () => Promise<LoadedAction>,
  subscription: ChangeSubscription<ActionKey>,
  signal: AbortSignal,
): Promise<LoadedAction> {
  let loaded = await load();
  if (isComplete(loaded)) return loaded;
  const patience = deadlineAfter(deps.clock, deps.config.terminalHoldMs, signal);
  try {
    while (!isComplete(loaded) && !patience.signal.aborted) {
      await until(subscription, key, signal, patience.signal);
      loaded = await load();
    }
  } finally {
    patience.cancel();
  }
  return loaded;
}

/** False for a terminal row whose last attempt has no terminal event though one is to come. */
function isComplete({ row, details }: LoadedAction): boolean {
  if (!isTerminal(row.phase)) return true;
  if (row.actionType !== ActionType.TASK) return true;
  // Nothing ever ran it: refused before it started, or aborted before it had a resource.
  if (row.errorInfo !== null) return true;
  if (row.phase === ActionPhase.ABORTED && details.attempts.length === 0) return true;
  return details.attempts.some(({ attempt, phase }) => attempt === row.attempts && isTerminal(phase));
}

/** Resolves when `key` changed, or everything may have, or at the deadline. */
async function until(
  subscription: ChangeSubscription<ActionKey>,
  key: ActionKey,
  signal: AbortSignal,
  deadline: AbortSignal,
): Promise<void> {
  while (!concerns(await subscription.next(signal, deadline), key)) {
    if (deadline.aborted) return;
  }
}

function concerns(batch: ChangeBatch<ActionKey>, key: ActionKey): boolean {
  return batch.everything || batch.changed.some(({ name }) => name === key.name);
}
