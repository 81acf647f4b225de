import { abortError, type Clock } from "@flyte-dataplane/core";

export interface ManualClock extends Clock {
  /** Lets `ms` pass; whoever's time has come goes on. */
  advance(ms: number): void;
}

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

/** Time that passes only when a test says so. */
export function manualClock(startMs: number = Date.UTC(2026, 4, 6, 7, 8, 9)): ManualClock {
  let nowMs = startMs;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
      for (const sleeper of sleepers) if (sleeper.dueMs <= nowMs) sleeper.wake();
    },
    sleep: (ms, { signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(abortError(signal));
        if (ms <= 0) return resolve();
        const leave = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener("abort", cancel);
        };
        const cancel = (): void => {
          leave();
          if (signal !== undefined) reject(abortError(signal));
        };
        const sleeper: Sleeper = {
          dueMs: nowMs + ms,
          wake: () => {
            leave();
            resolve();
          },
        };
        signal?.addEventListener("abort", cancel, { once: true });
        sleepers.add(sleeper);
      }),
  };
}
