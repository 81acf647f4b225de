/** Answers that are written as they come about. */
import { Readable } from "node:stream";

/** Waits for the first item, so that what fails at once still becomes a status. */
export async function begun<T>(items: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = items[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    try {
      for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
}

/** Once `signal` has aborted, the answer simply ends: the reader left, or the server stops. */
export function streamOf(items: AsyncIterable<string>, signal: AbortSignal): Readable {
  return Readable.from(
    (async function* () {
      try {
        yield* items;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    })(),
  );
}
