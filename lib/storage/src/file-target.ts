import { write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { FileTarget } from "./driver.ts";
import { fileError } from "./drivers/file/errors.ts";

const writeAt = promisify(write);

/** Writes `body` at the target's position and resolves to its length; see `ReadResult.toFile` for the promises. */
export async function writeBody(body: AsyncIterable<Uint8Array>, target: FileTarget): Promise<number> {
  let done = 0;
  for await (const chunk of body) {
    target.onChunk?.(chunk);
    await writeChunk(target.fd, chunk, target.position + done);
    done += chunk.byteLength;
  }
  return done;
}

/** As `writeBody`, blocking at each chunk: cheaper by the hand-over to a thread, for programs that do nothing else. */
export async function writeBodySync(body: AsyncIterable<Uint8Array>, target: FileTarget): Promise<number> {
  let done = 0;
  for await (const chunk of body) {
    target.onChunk?.(chunk);
    writeChunkSync(target.fd, chunk, target.position + done);
    done += chunk.byteLength;
  }
  return done;
}

/** Writes the whole of `chunk` at `position`. */
export async function writeChunk(fd: number, chunk: Uint8Array, position: number): Promise<void> {
  try {
    for (let done = 0; done < chunk.byteLength; ) {
      done += (await writeAt(fd, chunk, done, chunk.byteLength - done, position + done)).bytesWritten;
    }
  } catch (error) {
    throw diskFailure(error);
  }
}

export function writeChunkSync(fd: number, chunk: Uint8Array, position: number): void {
  try {
    for (let done = 0; done < chunk.byteLength; ) {
      done += writeSync(fd, chunk, done, chunk.byteLength - done, position + done);
    }
  } catch (error) {
    throw diskFailure(error);
  }
}

/**
 * A failure of the file that a body comes from or goes to. `unavailable` speaks of the store alone: its bytes are asked for again, while a disk
 * that fails has lost some.
 */
export function diskFailure(error: unknown): DataPlaneError {
  const named = fileError(error);
  return named.code === "unavailable" ? new DataPlaneError("internal", named.message, { cause: error }) : named;
}
