import { type Clock, DataPlaneError } from "@flyte-dataplane/core";

export interface KeepAliveOptions<T> {
  readonly clock: Clock;
  /** Milliseconds without an item after which `beat` is sent, again and again; 0 sends none. */
  readonly beatMs: number;
  readonly beat: T;
  /** Milliseconds without an item after which the stream ends with `unavailable`; 0 waits as long as it takes. */
  readonly idleMs: number;
}

interface Wait<T> {
  readonly sinceMs: number;
  arrived?: { readonly step: IteratorResult<T> } | { readonly error: unknown };
}

/**
 * `items`, and something in between while there are none: a proxy cuts what it takes for dead, and only a write tells that
 * the reader is gone. Ends as `items` does; leaving early releases them. While the reader takes its time nothing counts.
 */
export async function* keepAlive<T>(items: AsyncIterable<T>, options: KeepAliveOptions<T>): AsyncIterable<T> {
  const { clock, beatMs, idleMs } = options;
  const iterator = items[Symbol.asyncIterator]();
  const over = new AbortController();
  let wait: Wait<T> | undefined;
  let lastBeatMs = 0;
  let wake: () => void = () => undefined;
  const dueMs = (): number => {
    const fromMs = wait?.sinceMs ?? clock.now();
    const beatAt = beatMs > 0 ? Math.max(fromMs, lastBeatMs) + beatMs : Number.POSITIVE_INFINITY;
    return Math.min(beatAt, idleMs > 0 ? fromMs + idleMs : Number.POSITIVE_INFINITY);
  };
  // One timer for as long as the stream goes on: one for each item would cost more than the item.
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await clock.sleep(Math.max(1, dueMs() - clock.now()), { signal: over.signal });
      if (wait !== undefined && clock.now() >= dueMs()) wake();
    }
  };
  if (beatMs > 0 || idleMs > 0) watch().catch(() => undefined);
  let ended = false;
  try {
    for (;;) {
      const waiting: Wait<T> = { sinceMs: clock.now() };
      wait = waiting;
      const settle = (arrived: NonNullable<Wait<T>["arrived"]>): void => {
        waiting.arrived = arrived;
        wake();
      };
      iterator.next().then(
        (step) => settle({ step }),
        (error: unknown) => settle({ error }),
      );
      while (waiting.arrived === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        if (waiting.arrived !== undefined) break;
        if (idleMs > 0 && clock.now() - waiting.sinceMs >= idleMs)
          throw new DataPlaneError("unavailable", `nothing came for ${idleMs / 1000} s; ask again`);
        lastBeatMs = clock.now();
        // Till the reader has taken it nothing is due.
        wait = undefined;
        yield options.beat;
        wait = waiting;
      }
      wait = undefined;
      if ("error" in waiting.arrived) {
        ended = true;
        throw waiting.arrived.error;
      }
      if (waiting.arrived.step.done === true) {
        ended = true;
        return;
      }
      yield waiting.arrived.step.value;
    }
  } finally {
    over.abort();
    // A source that waits ends with the caller's signal; nobody waits for that here.
    if (!ended) iterator.return?.(undefined).catch(() => undefined);
  }
}
