/**
 * How long any statement may run. One timer serves all of them: they have the same limit, so that the first begun is the
 * first due, and a statement costs two moves in a map instead of a timer of its own.
 */
import type { Clock } from "@flyte-dataplane/core";

export interface StatementLimit {
  /** Calls `expired` when the limit has passed, unless the function returned is called before. */
  begin(expired: () => void): () => void;
  close(): void;
}

/** `limitMs` of 0 is none. */
export function createStatementLimit(clock: Clock, limitMs: number): StatementLimit {
  if (limitMs <= 0) return { begin: () => () => undefined, close: () => undefined };
  const running = new Map<number, { readonly at: number; readonly expired: () => void }>();
  const closing = new AbortController();
  let count = 0;
  let watching = false;

  const watch = async (): Promise<void> => {
    watching = true;
    for (let [first] = running; first !== undefined; [first] = running) {
      const [id, { at, expired }] = first;
      const wait = at - clock.now();
      if (wait > 0) {
        await clock.sleep(wait, { signal: closing.signal });
      } else {
        running.delete(id);
        expired();
      }
    }
    watching = false;
  };

  return {
    begin: (expired) => {
      count += 1;
      const id = count;
      running.set(id, { at: clock.now() + limitMs, expired });
      // A sleep outlives the statement it was for; it is the closing that ends the last one.
      if (!watching) void watch().catch(() => undefined);
      return () => void running.delete(id);
    },
    close: () => closing.abort(),
  };
}
