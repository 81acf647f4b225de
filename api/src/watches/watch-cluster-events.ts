import { create, fromBinary } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import { type ActionEvent, ActionEventSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import {
  type WatchClusterEventsRequest,
  type WatchClusterEventsResponse,
  WatchClusterEventsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { type Queryable, statement } from "@flyte-dataplane/runtime/database";
import { type ActionKey, actionKey, actionPath, invalid } from "../identifiers.ts";
import { keyValues } from "../runs/action-row.ts";
import { byReport } from "../runs/attempts.ts";
import { isTerminal } from "../runs/phases.ts";
import { readAction } from "../runs/read-actions.ts";
import type { RunsDeps } from "../runs/runs-deps.ts";
import { nextOrIdle } from "./deadline.ts";

/** What names an event of an attempt; its bytes are not kept, for a watch may run for days. */
interface EventKey {
  readonly phase: number;
  readonly version: number;
}

// What was sent is named by key rather than by time: a row may become visible after one that was written later.
const selectUnseen = statement<EventKey & { readonly info: Uint8Array }>(
  "api_unseen_events",
  `SELECT phase, version, info FROM action_events
   WHERE project = $1 AND domain = $2 AND run_name = $3 AND name = $4 AND attempt = $5 AND info IS NOT NULL
     AND (phase, version) NOT IN (SELECT * FROM unnest($6::int[], $7::int[]))
   ORDER BY phase, version LIMIT 500`,
);

/** The attempt's cluster events, each once, in the order they were reported; ends with the attempt. */
export async function* watchClusterEvents(
  deps: RunsDeps,
  request: WatchClusterEventsRequest,
  signal: AbortSignal,
): AsyncIterable<WatchClusterEventsResponse> {
  const key = actionKey("id", request.id);
  const { attempt } = request;
  if (attempt === 0) throw invalid("attempt: must be above 0");
  const subscription = await deps.changes.actionsOf(key);
  try {
    if ((await readAction(deps.database, key)) === undefined) {
      throw new DataPlaneError("not_found", `cluster events of ${actionPath(key)}: no such action`);
    }
    const sent: EventKey[] = [];
    for (;;) {
      const events = await readUnseen(deps.database, key, attempt, sent);
      const clusterEvents = events.flatMap((event) => event.clusterEvents);
      if (clusterEvents.length > 0) yield create(WatchClusterEventsResponseSchema, { clusterEvents });
      if (sent.some(({ phase }) => isTerminal(phase))) return;
      const idle = { clock: deps.clock, idleMs: deps.config.watchKeepAliveMs, signal };
      if ((await nextOrIdle(subscription, idle)) === undefined) yield create(WatchClusterEventsResponseSchema);
    }
  } finally {
    subscription.close();
  }
}

/** Reads to the end, however many pages that takes, and adds to `sent` what it read. */
async function readUnseen(
  database: Queryable,
  key: ActionKey,
  attempt: number,
  sent: EventKey[],
): Promise<readonly ActionEvent[]> {
  const events: ActionEvent[] = [];
  for (;;) {
    const seen = [sent.map(({ phase }) => phase), sent.map(({ version }) => version)];
    const { rows } = await database.query(selectUnseen, [...keyValues(key), attempt, ...seen]);
    if (rows.length === 0) return events.sort(byReport);
    events.push(...rows.map(({ info }) => fromBinary(ActionEventSchema, info)));
    sent.push(...rows.map(({ phase, version }) => ({ phase, version })));
  }
}
