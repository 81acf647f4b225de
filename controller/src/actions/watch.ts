/** WatchForUpdates: what stands, a sentinel, then what changes (contract 3.3). */
import { create } from "@bufbuild/protobuf";
import type { Clock, TaskAction } from "@flyte-dataplane/core";
import { actionTypeOf, DataPlaneError, isTerminal } from "@flyte-dataplane/core";
import {
  type WatchForUpdatesRequest,
  type WatchForUpdatesResponse,
  WatchForUpdatesResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/actions/actions_service";
import type { ActionUpdate } from "@flyte-dataplane/proto/flyteidl2/workflow/state_service";
import type { Informer } from "../informer.ts";
import type { ActionIndex } from "./action-index.ts";
import { nameKey } from "./action-index.ts";
import { type ActionName, actionName, isSameAction } from "./action-name.ts";
import { actionUpdate } from "./action-update.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Traces } from "./traces.ts";

export interface WatchOptions {
  readonly actions: Informer<TaskAction>;
  readonly index: ActionIndex;
  readonly subscriptions: Subscriptions;
  readonly traces: Traces;
  readonly clock: Clock;
  /** An idle stream repeats its sentinel this often, so that both ends notice a dead connection. */
  readonly keepAliveMs: number;
}

export async function* watchForUpdates(
  options: WatchOptions,
  { filter }: WatchForUpdatesRequest,
  signal: AbortSignal,
): AsyncIterable<WatchForUpdatesResponse> {
  if (filter.case !== "parentActionId")
    throw new DataPlaneError("invalid_argument", "watch for updates: parent_action_id is missing");
  const parent = actionName("watch for updates", filter.value);
  // Opened before the snapshot is taken: nothing falls between the two.
  const subscription = options.subscriptions.open(nameKey(parent));
  try {
    for (const update of snapshot(options, parent)) yield message(update);
    yield sentinel();
    while (!signal.aborted) {
      for (const update of subscription.take()) yield message(update);
      if (await idle(options, subscription.pending, signal)) yield sentinel();
    }
  } finally {
    subscription.close();
  }
}

function snapshot({ actions, index, traces }: WatchOptions, parent: ActionName): readonly ActionUpdate[] {
  const own = actions.get(parent.resource);
  const standing = [...(own !== undefined && isSameAction(own, parent) ? [own] : []), ...index.children(parent)];
  // A waiting condition in a snapshot would be taken for a task by a client that has not registered it yet.
  const shown = standing.filter((action) => actionTypeOf(action) === "task" || isTerminal(action));
  return [...shown.map((action) => actionUpdate(action, false)), ...traces.under(parent)];
}

/** True when nothing came for as long as a stream may be silent. */
async function idle(
  { clock, keepAliveMs }: WatchOptions,
  pending: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  const quiet = new AbortController();
  const leave = (): void => quiet.abort();
  signal.addEventListener("abort", leave, { once: true });
  const timer = new AbortController();
  let timedOut = false;
  clock.sleep(keepAliveMs, { signal: timer.signal }).then(
    () => {
      timedOut = true;
      quiet.abort();
    },
    () => undefined,
  );
  await pending(quiet.signal);
  timer.abort();
  signal.removeEventListener("abort", leave);
  return timedOut && !signal.aborted;
}

function message(update: ActionUpdate): WatchForUpdatesResponse {
  return create(WatchForUpdatesResponseSchema, { message: { case: "actionUpdate", value: update } });
}

function sentinel(): WatchForUpdatesResponse {
  return create(WatchForUpdatesResponseSchema, { message: { case: "controlMessage", value: { sentinel: true } } });
}
