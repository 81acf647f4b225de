import type { Clock } from "@flyte-dataplane/core";

/** Bytes read of an upload that is refused already; a caller that sends more may lose the answer. */
const restBytes = 64 * 1024 * 1024;
/** Milliseconds for all of them. */
const restMs = 30_000;

/** The body of one request, which lives on when its reader gives up, so that the caller can be heard out. */
export interface RequestBody {
  /** Iterated once at most. Leaving it early does not end the request. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /**
   * Reads and drops what is left. A caller still sending when the connection closes would find it broken and never read
   * why. Resolves at the end of the body, at 64 MiB, after 30 s or when the caller left; never rejects.
   */
  discardRest(clock: Clock, left: AbortSignal | undefined): Promise<void>;
}

export function requestBody(source: AsyncIterable<Uint8Array>): RequestBody {
  let iterator: AsyncIterator<Uint8Array> | undefined;
  // Begun only when needed: a request that is never read is nobody's to end either.
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    iterator ??= source[Symbol.asyncIterator]();
    return await iterator.next();
  };
  return {
    // Without return(): leaving a stream's own iterator destroys the stream, and the connection with it.
    chunks: { [Symbol.asyncIterator]: () => ({ next }) },
    async discardRest(clock, left) {
      const done = new AbortController();
      const over = left === undefined ? done.signal : AbortSignal.any([done.signal, left]);
      const late = clock.sleep(restMs, { signal: over }).catch(() => undefined);
      await Promise.race([discard(next, over), late]).catch(() => undefined);
      done.abort();
    },
  };
}

async function discard(next: () => Promise<IteratorResult<Uint8Array>>, over: AbortSignal): Promise<void> {
  for (let read = 0; read <= restBytes && !over.aborted; ) {
    const chunk = await next();
    if (chunk.done === true) return;
    read += chunk.value.byteLength;
  }
}
