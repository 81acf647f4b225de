import { createReadStream } from "node:fs";

/**
 * The bytes of a file from `start` on. It is opened when the first of them is asked for: a stream that nobody listens to
 * yet would end the process where it cannot be opened or `signal` has aborted.
 */
export async function* contentOf(
  path: string,
  start: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* createReadStream(path, { start, ...(signal === undefined ? {} : { signal }) }) as AsyncIterable<Uint8Array>;
}
