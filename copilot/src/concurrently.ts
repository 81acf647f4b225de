/**
 * Runs `work` for every item, at most `limit` at a time. Rejects with the first failure, after the work under way has
 * settled, so that nothing runs on behind the caller's back; no item is begun after it.
 */
export async function concurrently<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let failure: { readonly reason: unknown } | undefined;
  const running = new Set<Promise<void>>();
  const fail = (reason: unknown): void => {
    failure ??= { reason };
  };
  try {
    for await (const item of items) {
      if (failure !== undefined) break;
      const job: Promise<void> = work(item)
        .catch(fail)
        .finally(() => running.delete(job));
      running.add(job);
      if (running.size >= limit) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
  }
  if (failure !== undefined) throw failure.reason;
}
