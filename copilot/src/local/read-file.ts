import { Buffer } from "node:buffer";
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { DataPlaneError } from "@flyte-dataplane/core";

const chunkBytes = 256 * 1024;

interface LocalFile {
  /** Bytes at the time of the call. */
  readonly size: number;
  /** At most `size` bytes; opened when the iteration begins. Chunks are valid until the next one. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Rejects with `failed_precondition` (origin user) for anything but a regular file. */
async function localFile(file: string): Promise<LocalFile> {
  const stats = await stat(file);
  if (!stats.isFile()) throw notRegular(file);
  return { size: stats.size, body: chunks(file, stats.size) };
}

/** The content of a small file. Rejects with `resource_exhausted` (origin user) if it has more than `maxBytes`. */
export async function readSmallFile(file: string, maxBytes: number): Promise<Uint8Array> {
  const { size, body } = await localFile(file);
  if (size > maxBytes) {
    throw new DataPlaneError(
      "resource_exhausted",
      `read ${file}: it has ${size} bytes, more than the ${maxBytes} allowed`,
      {
        origin: "user",
        ref: file,
      },
    );
  }
  const read: Uint8Array[] = [];
  for await (const chunk of body) read.push(Uint8Array.from(chunk));
  return Buffer.concat(read);
}

async function* chunks(file: string, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await openRegular(file);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size));
    for (let position = 0; position < size; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.byteLength, size - position), position);
      // Shorter than it was: whoever stores the body compares the length.
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** A FIFO put in the file's place since must not hold up the reader: hence no waiting in open(2), and a second look. */
async function openRegular(file: string): Promise<FileHandle> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw notRegular(file);
}

function notRegular(file: string): DataPlaneError {
  return new DataPlaneError("failed_precondition", `read ${file}: it is no regular file`, {
    origin: "user",
    ref: file,
  });
}
