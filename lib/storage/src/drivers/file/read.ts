import { Buffer } from "node:buffer";
import { setMaxListeners } from "node:events";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../../abortable.ts";
import type { GetOptions, ReadResult } from "../../driver.ts";
import { writeBody } from "../../file-target.ts";
import { fileError } from "./errors.ts";
import { objectInfo } from "./object-info.ts";

/** Bytes per read: large enough that the thread pool's hand-over costs little, small enough for a 128 MiB container. */
const chunkBytes = 256 * 1024;

/** Nobody but the writer sees these chunks, so they may be larger. */
const copyBytes = 1024 * 1024;

/** Opens `file` and describes the very file that the body will come from, whatever is renamed over it meanwhile. */
export async function readFile(key: string, file: string, options: GetOptions): Promise<ReadResult> {
  const handle = await openRegular(file);
  try {
    const info = objectInfo(key, await handle.stat({ bigint: true }));
    if (options.ifMatch !== undefined && options.ifMatch !== info.etag) {
      throw new DataPlaneError("aborted", `the object was replaced: version "${options.ifMatch}" is gone`);
    }
    const start = Math.min(options.range?.offset ?? 0, info.size);
    const end = Math.min(start + (options.range?.length ?? info.size), info.size);
    // An abort from before here would pass the listener unheard.
    throwIfAborted(options.signal);
    const began = closeUnlessRead(handle, options.signal);
    return {
      info,
      body: chunks(handle, start, end, chunkBytes, options.signal, began),
      toFile: (target) => writeBody(chunks(handle, start, end, copyBytes, options.signal, began), target),
    };
  } catch (error) {
    await handle.close();
    throw fileError(error);
  }
}

async function openRegular(file: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK the opening of a FIFO would wait for a writer, in a thread of the pool.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (stats.isFile()) return handle;
    await handle.close();
    throw new DataPlaneError("not_found", "it is no regular file");
  } catch (error) {
    throw fileError(error);
  }
}

/**
 * Closes `handle` when `signal` aborts before anybody asked for the first chunk: a generator that never began runs no
 * `finally`, and whoever stood between the file and a caller that left may never begin it. Answers what the reader calls
 * first; from then on the closing is its own.
 */
function closeUnlessRead(handle: FileHandle, signal: AbortSignal | undefined): () => void {
  // Nothing was written, so there is nothing that a failing close could lose.
  const close = (): void => void handle.close().catch(() => undefined);
  if (signal !== undefined) {
    // A tree is read under one signal, many files at a time: that is no leak, and Node's warning about it would be wrong.
    setMaxListeners(0, signal);
    signal.addEventListener("abort", close, { once: true });
  }
  return () => signal?.removeEventListener("abort", close);
}

async function* chunks(
  handle: FileHandle,
  start: number,
  end: number,
  mostBytes: number,
  signal: AbortSignal | undefined,
  began: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  began();
  try {
    const buffer = Buffer.allocUnsafe(Math.min(mostBytes, end - start));
    for (let position = start; position < end; ) {
      throwIfAborted(signal);
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.byteLength, end - position), position);
      if (bytesRead === 0) throw new DataPlaneError("data_loss", `the file ends at byte ${position} of ${end}`);
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw fileError(error);
  } finally {
    await handle.close();
  }
}
