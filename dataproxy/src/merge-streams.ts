import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";

export interface MergeOptions {
  /** A stream that fails with one of these codes is left out; any other failure ends all. */
  readonly tolerate: readonly ErrorCode[];
}

/** Items of several streams in order of arrival, one in flight from each; ends when all have. Leaving early releases every one. */
export async function* mergeStreams<T>(streams: readonly AsyncIterable<T>[], options: MergeOptions): AsyncIterable<T> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]());
  const pending = new Map(iterators.map((iterator, index) => [index, advance(iterator, index, options)]));
  try {
    while (pending.size > 0) {
      const { index, result } = await Promise.race(pending.values());
      const iterator = iterators[index];
      if (result === undefined || result.done === true || iterator === undefined) {
        pending.delete(index);
        continue;
      }
      yield result.value;
      pending.set(index, advance(iterator, index, options));
    }
  } finally {
    // A stream waiting for its source ends with the caller's signal; nobody waits for that here.
    for (const iterator of iterators) iterator.return?.().catch(() => undefined);
  }
}

interface Step<T> {
  readonly index: number;
  /** Undefined when the stream failed in a tolerated way. */
  readonly result: IteratorResult<T> | undefined;
}

async function advance<T>(iterator: AsyncIterator<T>, index: number, options: MergeOptions): Promise<Step<T>> {
  try {
    return { index, result: await iterator.next() };
  } catch (error) {
    if (error instanceof DataPlaneError && options.tolerate.includes(error.code)) return { index, result: undefined };
    throw error;
  }
}
