import { read } from "node:fs";
import { promisify } from "node:util";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { FileSlice, Source } from "./driver.ts";
import { returnBlock, takeBlock } from "./wire/memory.ts";

const readAt = promisify(read);

/** The bytes of `source`, chunk by chunk; a chunk is valid until the next one is asked for. */
export function chunksOf(source: Source): AsyncIterable<Uint8Array> {
  if (source instanceof Uint8Array) return chunksOfBytes(source);
  return isFileSlice(source) ? chunksOfFile(source) : source;
}

/** Bytes in `source`, where that is known without reading it. */
export function lengthOf(source: Source): number | undefined {
  if (source instanceof Uint8Array) return source.byteLength;
  return isFileSlice(source) ? source.length : undefined;
}

export function isFileSlice(source: Source): source is FileSlice {
  // A stream that Node reads from a file has a descriptor too.
  return "fd" in source && !(Symbol.asyncIterator in source);
}

async function* chunksOfBytes(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield await Promise.resolve(bytes);
}

async function* chunksOfFile({ fd, offset, length }: FileSlice): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = takeBlock();
  for (let done = 0; done < length; ) {
    const { bytesRead } = await readAt(fd, buffer, 0, Math.min(buffer.byteLength, length - done), offset + done);
    if (bytesRead === 0) throw shrunk(offset + done, offset + length);
    yield buffer.subarray(0, bytesRead);
    done += bytesRead;
  }
  // Whoever left early may still look at the last chunk.
  returnBlock(buffer);
}

/** A file got shorter while it was read. */
export function shrunk(size: number, expected: number): DataPlaneError {
  return new DataPlaneError("data_loss", `the file ends at ${size} of ${expected} bytes: it shrank while it was read`, {
    origin: "user",
  });
}
