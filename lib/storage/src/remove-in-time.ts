import type { Clock } from "@flyte-dataplane/core";

/** How long the removal of an upload may hold up the news that it failed; a stopping program has seconds left. */
const removalMs = 10_000;

/** Runs `remove` with a signal that aborts as `deadline_exceeded` after 10 s. */
export async function removeInTime(clock: Clock, remove: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const late = new AbortController();
  const ended = new AbortController();
  const timer = clock.sleep(removalMs, { signal: ended.signal }).then(
    () => late.abort(new DOMException("too late", "TimeoutError")),
    () => undefined,
  );
  try {
    await remove(late.signal);
  } finally {
    ended.abort();
    await timer;
  }
}
