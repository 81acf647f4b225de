/**
 * What no call tells an operator: how much is promised and not done yet, and how late notifications are, on which every
 * watch depends. Asked of the database now and then, since several processes work on one.
 */
import { randomUUID } from "node:crypto";
import type { Clock, Logger, Metrics } from "@flyte-dataplane/core";
import { type Database, type Subscription, statement } from "@flyte-dataplane/runtime/database";

export interface FiguresOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
}

const intervalMs = 15_000;
const channel = "api_listener_lag";
/** A backlog beyond it is no clearer for being counted, and counting it would add to it. */
const countedRows = 100_000;

// The order is the index that the loops keep warm; without it the table itself would be read.
const promised = statement<{ readonly enqueue: string; readonly abort: string; readonly oldest: Date | null }>(
  "api_promised",
  `SELECT (SELECT count(*) FROM (SELECT FROM action_outbox ORDER BY next_attempt_at LIMIT ${countedRows}) AS box) AS enqueue,
     (SELECT count(*) FROM (SELECT FROM actions WHERE abort_requested_at IS NOT NULL LIMIT ${countedRows}) AS owed) AS abort,
     (SELECT created_at FROM action_outbox ORDER BY next_attempt_at LIMIT 1) AS oldest`,
);
const ring = statement("api_ring", `SELECT pg_notify('${channel}', $1)`);

/** Resolves once `signal` has aborted. What cannot be asked is asked again later: figures stop nothing. */
export async function sampleFigures({ database, clock, logger, metrics, signal }: FiguresOptions): Promise<void> {
  const depth = metrics.gauge({
    name: "flyte_run_outbox_depth",
    help: "Calls to the actions service that rows promise and that were not taken yet.",
    labels: ["work"],
  });
  const age = metrics.gauge({
    name: "flyte_run_outbox_age_seconds",
    help: "Age of the promise to enqueue that is due next; 0 where there is none.",
  });
  const lag = metrics.gauge({
    name: "flyte_listener_lag_seconds",
    help: "How long the last of our own notifications took, from its statement to who listens.",
  });
  // Other processes ring on the same channel, by clocks of their own.
  const own = randomUUID();
  const heard = (payload: string): void => {
    const [from, sentMs] = payload.split(" ");
    if (from === own) lag.set(Math.max(0, clock.now() - Number(sentMs)) / 1000);
  };
  let subscription: Subscription | undefined;
  while (!signal.aborted) {
    try {
      subscription ??= await database.listen(channel, { notified: heard, missed: () => undefined });
      const [row] = (await database.query(promised)).rows;
      depth.set(Number(row?.enqueue ?? 0), { work: "enqueue" });
      depth.set(Number(row?.abort ?? 0), { work: "abort" });
      age.set(Math.max(0, clock.now() - (row?.oldest?.getTime() ?? clock.now())) / 1000);
      await database.query(ring, [`${own} ${clock.now()}`]);
    } catch (error) {
      if (!signal.aborted) logger.debug({ error }, "figures of runs not read");
    }
    await clock.sleep(intervalMs, { signal }).catch(() => undefined);
  }
  subscription?.close();
}
