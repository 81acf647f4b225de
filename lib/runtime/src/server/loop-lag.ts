/** How late the event loop is: what a timer of ours comes late, everybody's work does. */
import type { Clock } from "@flyte-dataplane/core";

const everyMs = 100;

/** Looks ten times a second until `signal` aborts; the returned function tells the newest, in milliseconds. */
export function watchLoopLag(clock: Clock, signal: AbortSignal): () => number {
  let lag = 0;
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      const due = clock.now() + everyMs;
      await clock.sleep(everyMs, { signal });
      lag = Math.max(0, clock.now() - due);
    }
  };
  watch().catch(() => undefined);
  return () => lag;
}
