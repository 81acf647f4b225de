import { abortError, type Clock } from "@flyte-dataplane/core";

export interface ManualClock extends Clock {
  /** Lets `ms` pass; whoever's time has come wakes up. */
  advance(ms: number): void;
  /** Who sleeps now. */
  readonly sleeping: number;
  /** Lets time pass until the next sleeper wakes; waits for one to lie down if none does. */
  toNextWake(): Promise<void>;
}

interface Sleeper {
  readonly due: number;
  wake(): void;
}

/** Time that passes only when the test says so. */
export function manualClock(start = Date.UTC(2026, 0, 2, 3, 4, 5)): ManualClock {
  let now = start;
  const sleepers = new Set<Sleeper>();
  let lay: () => void = () => undefined;

  function advance(ms: number): void {
    now += ms;
    for (const sleeper of Array.from(sleepers)) if (sleeper.due <= now) sleeper.wake();
  }

  return {
    now: () => now,
    advance,
    get sleeping() {
      return sleepers.size;
    },
    sleep: (ms, { signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(abortError(signal));
        if (ms <= 0) return resolve();
        const end = (settle: () => void) => {
          sleepers.delete(sleeper);
          signal?.removeEventListener("abort", cancel);
          settle();
        };
        const cancel = () => end(() => reject(abortError(signal ?? AbortSignal.abort())));
        const sleeper: Sleeper = { due: now + ms, wake: () => end(resolve) };
        signal?.addEventListener("abort", cancel, { once: true });
        sleepers.add(sleeper);
        lay();
      }),
    toNextWake: async () => {
      while (sleepers.size === 0) await new Promise<void>((resolve) => (lay = resolve));
      advance(Math.max(0, Math.min(...[...sleepers].map(({ due }) => due)) - now));
    },
  };
}
