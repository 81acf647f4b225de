import type { Clock } from "@flyte-dataplane/core";
import type { ChangeBatch, ChangeSubscription } from "./changes.ts";

export interface Deadline {
  /** Aborts when the time is over; never once cancelled. */
  readonly signal: AbortSignal;
  cancel(): void;
}

/** A point in time `ms` from now; gone without a trace when `parent` aborts. */
export function deadlineAfter(clock: Clock, ms: number, parent: AbortSignal): Deadline {
  const over = new AbortController();
  const stop = new AbortController();
  const signal = AbortSignal.any([parent, stop.signal]);
  // A rejection means that somebody cancelled: then nobody waits for the deadline any more.
  clock.sleep(ms, { signal }).then(
    () => over.abort(),
    () => undefined,
  );
  return { signal: over.signal, cancel: () => stop.abort() };
}

export interface IdleOptions {
  readonly clock: Clock;
  /** 0 waits for ever. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

/** The next changes; undefined after `idleMs` without any, when it is time to show proxies that the stream lives. */
export async function nextOrIdle<K>(
  subscription: ChangeSubscription<K>,
  { clock, idleMs, signal }: IdleOptions,
): Promise<ChangeBatch<K> | undefined> {
  if (idleMs === 0) return subscription.next(signal);
  const deadline = deadlineAfter(clock, idleMs, signal);
  try {
    const batch = await subscription.next(signal, deadline.signal);
    return batch.everything || batch.changed.length > 0 ? batch : undefined;
  } finally {
    deadline.cancel();
  }
}
