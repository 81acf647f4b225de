/**
 * The keyed work queue: which action is looked at next. A key is handled by at most one worker at a time; adds during
 * handling run once afterwards; duplicates collapse; an earlier due time always wins over a later one.
 */
import type { Clock } from "@flyte-dataplane/core";
import { createDelays } from "./delays.ts";

/** Smaller runs first among keys that are due. */
export type Priority = 0 | 1 | 2 | 3;

export const priorities: {
  readonly deletion: Priority;
  readonly transition: Priority;
  readonly fresh: Priority;
  readonly timer: Priority;
} = {
  deletion: 0,
  transition: 1,
  fresh: 2,
  timer: 3,
};

export interface QueueOptions {
  readonly clock: Clock;
  /** Keys handled at the same time. */
  readonly workers: number;
  /** Delay in milliseconds before the `failures`-th (1-based) repetition of a key whose handler rejected. */
  readonly backoff: (failures: number) => number;
  /** Told of each rejection, before the key is put back. */
  readonly onFailure?: (key: string, error: unknown, failures: number) => void;
}

export interface KeyedQueue {
  /** Asks for `key` to be handled `delayMs` from now (default: at once). */
  add(key: string, priority: Priority, delayMs?: number): void;
  /** Drops the key's timer and back-off; a handler under way ends by itself. */
  forget(key: string): void;
  /** Keys waiting, due or not. */
  readonly depth: number;
  /** Keys that are due and wait for a worker. */
  readonly due: number;
  /** Handles keys until `signal` aborts, then waits for the handlers under way. */
  run(handle: (key: string, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export function createKeyedQueue(options: QueueOptions): KeyedQueue {
  const { clock, workers, backoff, onFailure } = options;
  /** Due keys by priority, in order of arrival. */
  const ready: readonly Set<string>[] = [new Set(), new Set(), new Set(), new Set()];
  const delayed = createDelays();
  const active = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();
  /** What was added for a key while its handler ran. */
  const again = new Map<string, { priority: Priority; dueMs: number }>();
  const failures = new Map<string, number>();
  let wake: AbortController | undefined;

  const makeReady = (key: string, priority: Priority): void => {
    const standing = ready.findIndex((keys) => keys.has(key));
    if (standing !== -1 && standing <= priority) return;
    ready[standing]?.delete(key);
    ready[priority]?.add(key);
    delayed.remove(key);
  };

  const add = (key: string, priority: Priority, delayMs = 0): void => {
    const dueMs = clock.now() + Math.max(0, delayMs);
    if (active.has(key)) {
      const before = again.get(key);
      again.set(key, {
        priority: before !== undefined && before.priority < priority ? before.priority : priority,
        dueMs: Math.min(dueMs, before?.dueMs ?? dueMs),
      });
      return;
    }
    if (delayMs <= 0) makeReady(key, priority);
    else if (!ready.some((keys) => keys.has(key))) delayed.put(key, dueMs);
    wake?.abort();
  };

  const finish = (key: string): void => {
    active.delete(key);
    const next = again.get(key);
    again.delete(key);
    if (next !== undefined) add(key, next.priority, next.dueMs - clock.now());
    wake?.abort();
  };

  const start = (key: string, handle: (key: string, signal: AbortSignal) => Promise<void>): void => {
    // A signal of its own: one shared by all would gather a listener for everything that anybody waits for.
    const stop = new AbortController();
    const { signal } = stop;
    const ended = handle(key, signal)
      .then(
        () => {
          failures.delete(key);
        },
        (error: unknown) => {
          if (signal.aborted) return;
          const count = (failures.get(key) ?? 0) + 1;
          failures.set(key, count);
          onFailure?.(key, error, count);
          add(key, priorities.timer, backoff(count));
        },
      )
      .finally(() => finish(key));
    active.set(key, { stop, ended });
  };

  const takeReady = (): string | undefined => {
    for (const key of delayed.due(clock.now())) makeReady(key, priorities.timer);
    for (const keys of ready) {
      for (const key of keys) {
        keys.delete(key);
        return key;
      }
    }
    return undefined;
  };

  const dueKeys = (): number => ready.reduce((sum, keys) => sum + keys.size, 0);

  return {
    add,
    forget: (key) => {
      for (const keys of ready) keys.delete(key);
      delayed.remove(key);
      again.delete(key);
      failures.delete(key);
    },
    get depth() {
      return dueKeys() + delayed.size;
    },
    get due() {
      return dueKeys();
    },
    run: async (handle, signal) => {
      const stopAll = (): void => {
        wake?.abort();
        for (const { stop } of active.values()) stop.abort(signal.reason);
      };
      signal.addEventListener("abort", stopAll, { once: true });
      while (!signal.aborted) {
        // Replaced before looking, so that an add between the look and the sleep is never missed.
        const woken = new AbortController();
        wake = woken;
        const free = active.size < workers;
        const key = free ? takeReady() : undefined;
        if (key === undefined)
          await pause(
            clock,
            free ? (delayed.earliest ?? Number.POSITIVE_INFINITY) - clock.now() : Number.POSITIVE_INFINITY,
            woken.signal,
          );
        else start(key, handle);
      }
      await Promise.allSettled([...active.values()].map(({ ended }) => ended));
    },
  };
}

/** Sleeps until the time passed or `signal` aborted; either is a reason to look again, so neither rejects. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  if (Number.isFinite(ms)) await clock.sleep(ms, { signal }).catch(() => undefined);
  else await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
