import { setMaxListeners } from "node:events";
import { abortError } from "@flyte-dataplane/core";

/** Rejects with the signal's error if it has aborted already. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortError(signal);
}

/**
 * `body`, ended by `signal`: a wait for the next chunk rejects with `canceled` as soon as the signal aborts, however
 * long the producer stays silent. The producer is told to stop but not waited for.
 */
export async function* abortable(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  throwIfAborted(signal);
  if (signal === undefined) {
    yield* body;
    return;
  }
  const iterator = body[Symbol.asyncIterator]();
  let exhausted = false;
  const aborted = onAbort(signal);
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise]);
      if (next.done === true) {
        exhausted = true;
        return;
      }
      yield next.value;
    }
  } finally {
    aborted.dispose();
    // A producer stuck in next() would never answer return(): its own failure is no longer anybody's news.
    if (!exhausted) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** A promise that rejects with the signal's error when it aborts; `dispose` takes the listener back. */
export function onAbort(signal: AbortSignal): { readonly promise: Promise<never>; dispose(): void } {
  let listener: () => void = () => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    listener = () => reject(abortError(signal));
    // A tree moves under one signal, many objects at a time: no leak, so no warning.
    setMaxListeners(0, signal);
    signal.addEventListener("abort", listener, { once: true });
  });
  // Not every loop is waiting at the moment of the abort.
  promise.catch(() => undefined);
  return { promise, dispose: () => signal.removeEventListener("abort", listener) };
}
