/**
 * Works off rows that become due: claims them under a lease, delivers a few at once, sleeps until the next one is due
 * or a notification says that there is more. One loop per kind of promise; several processes may run the same one.
 */
import { type Clock, DataPlaneError, type Logger } from "@flyte-dataplane/core";
import type { Database } from "@flyte-dataplane/runtime/database";
import { deliveryChannel } from "../runs/announce.ts";
import { sqlTimeFromMs } from "../times.ts";

export interface DueWork<T> {
  /** Constant, for the log. */
  readonly name: string;
  /** Up to `limit` rows that are due at `now`, each out of everybody else's sight until `leaseEnd`. */
  claim(now: string, leaseEnd: string, limit: number): Promise<readonly T[]>;
  /** Milliseconds since the epoch when something is due next; undefined: nothing is waiting. */
  nextDue(): Promise<number | undefined>;
  /** Settles the row: removes it or gives it a later time. A rejection leaves it to its lease. */
  deliver(item: T, signal: AbortSignal): Promise<void>;
}

export interface DueLoopOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Deliveries under way at once. */
  readonly workers: number;
  /** Must outlast a delivery. */
  readonly leaseMs: number;
  readonly signal: AbortSignal;
}

/** How long nothing is asked when nothing is known to be due: a notification may be lost with its connection. */
const idleMs = 30_000;
const brokenMs = 1_000;

/** Resolves once `signal` has aborted and the deliveries under way have ended. */
export async function runDueLoop<T>(work: DueWork<T>, options: DueLoopOptions): Promise<void> {
  const { database, clock, logger, workers, leaseMs, signal } = options;
  const bell = createBell();
  const active = new Set<Promise<void>>();
  const subscription = await database.listen(deliveryChannel, { notified: bell.ring, missed: bell.ring });
  signal.addEventListener("abort", bell.ring, { once: true });

  function start(item: T): void {
    const delivery = work
      .deliver(item, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) logger.error({ err: error, work: work.name }, "delivery not settled");
      })
      .finally(() => {
        active.delete(delivery);
        bell.ring();
      });
    active.add(delivery);
  }

  /** Milliseconds until there is something to do; a free worker may find more at once. */
  async function round(): Promise<number> {
    const free = workers - active.size;
    if (free <= 0) return idleMs;
    const now = clock.now();
    const items = await work.claim(sqlTimeFromMs(now), sqlTimeFromMs(now + leaseMs), free);
    for (const item of items) start(item);
    if (items.length === free) return active.size < workers ? 0 : idleMs;
    const due = await work.nextDue();
    return due === undefined ? idleMs : Math.min(idleMs, Math.max(0, due - clock.now()));
  }

  while (!signal.aborted) {
    bell.reset();
    const waitMs = await round().catch((error: unknown) => {
      if (!signal.aborted) logger.warn({ err: error, work: work.name }, "due rows could not be read");
      return brokenMs;
    });
    await bell.rung(waitMs, clock);
  }
  subscription.close();
  await Promise.all(active);
}

/** Wakes a sleeping loop. A ring between `reset` and `rung` is not lost. */
function createBell() {
  let stop = new AbortController();
  return {
    ring: () => stop.abort(),
    reset: () => {
      if (stop.signal.aborted) stop = new AbortController();
    },
    rung: async (ms: number, clock: Clock) => {
      if (stop.signal.aborted) return;
      try {
        await clock.sleep(ms, { signal: stop.signal });
      } catch (error) {
        if (!(error instanceof DataPlaneError && error.code === "canceled")) throw error;
      }
    },
  };
}
