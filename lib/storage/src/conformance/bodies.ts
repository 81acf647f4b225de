import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { ReadResult } from "../driver.ts";

/** `size` bytes that differ from place to place, the same for the same seed. */
export function someBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed >>> 0 || 1;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function md5(bytes: Uint8Array): Uint8Array {
  return createHash("md5").update(bytes).digest();
}

/** A body of chunks, all written into one buffer, as a producer may do. */
export async function* bodyOf(bytes: Uint8Array, chunkBytes = 65_536): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = new Uint8Array(Math.min(chunkBytes, bytes.byteLength));
  for (let from = 0; from < bytes.byteLength; from += chunkBytes) {
    const chunk = bytes.subarray(from, from + chunkBytes);
    buffer.set(chunk);
    yield await Promise.resolve(buffer.subarray(0, chunk.byteLength));
  }
}

/** A body that gives `bytes` and then fails with `error`. */
export async function* failingBody(bytes: Uint8Array, error: Error): AsyncGenerator<Uint8Array, void, undefined> {
  yield* bodyOf(bytes);
  throw error;
}

/** A body that gives `bytes` and then stays silent; `silent` resolves once the reader waits for more. */
export function stallingBody(bytes: Uint8Array): {
  readonly body: AsyncIterable<Uint8Array>;
  readonly silent: Promise<void>;
} {
  let report: () => void = () => undefined;
  const silent = new Promise<void>((resolve) => {
    report = resolve;
  });
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* bodyOf(bytes);
    report();
    await new Promise<never>(() => undefined);
  }
  return { body: chunks(), silent };
}

export async function collect(read: Promise<ReadResult>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await read).body) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}
