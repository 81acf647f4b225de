import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../abortable.ts";
import type { BodySink, ObjectInfo } from "../driver.ts";
import { newPartialName } from "../drivers/file/paths.ts";
import { writeChunkSync } from "../file-target.ts";
import type { TransferContext } from "./context.ts";
import { blockingDisk } from "./disk.ts";
import { corrupt } from "./into-file.ts";
import { localError } from "./local-error.ts";
import type { DownloadOptions } from "./options.ts";
import { diskFull } from "./partial-file.ts";
import { type WholeCheck, wholeCheckAtOnce } from "./whole-check.ts";

/** Larger objects are worth a look at the free space, and reading on while a write runs. */
const sinkBytes = 1024 * 1024;

/**
 * Makes a file of a small object as it arrives, with the promises of `writeWhole`: complete or not at all. Whoever made the
 * sink releases it once its `get` has settled.
 */
export class FileSink implements BodySink {
  taking: ObjectInfo | undefined;
  received = 0;
  readonly #context: TransferContext<DownloadOptions>;
  readonly #key: string;
  readonly #file: string;
  readonly #signal: AbortSignal;
  #check: WholeCheck | undefined;
  #partial = "";
  #fd: number | undefined;

  constructor(context: TransferContext<DownloadOptions>, key: string, file: string, signal: AbortSignal) {
    this.#context = context;
    this.#key = key;
    this.#file = file;
    this.#signal = signal;
  }

  begin(info: ObjectInfo): boolean {
    const { maxBytes = Number.POSITIVE_INFINITY } = this.#context.options;
    if (info.size > Math.min(sinkBytes, maxBytes)) return false;
    this.#check = wholeCheckAtOnce(this.#context, this.#key, info);
    if (this.#check === undefined) return false;
    this.taking = info;
    const partial = this.#file.slice(0, this.#file.lastIndexOf("/") + 1) + newPartialName();
    try {
      this.#fd = blockingDisk.create(partial);
    } catch (error) {
      throw this.#failed(error);
    }
    this.#partial = partial;
    return true;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#fd === undefined) throw new DataPlaneError("internal", "bytes for a file that is not open");
    this.#check?.onChunk?.(bytes);
    try {
      writeChunkSync(this.#fd, bytes, this.received);
    } catch (error) {
      throw this.#explained(error);
    }
    this.received += bytes.byteLength;
  }

  end(): void {
    const expected = this.taking?.size;
    if (this.received !== expected) {
      throw corrupt(this.#context, this.#key, `received ${this.received} of ${expected} bytes`);
    }
    this.#check?.end();
    try {
      this.#close();
      throwIfAborted(this.#signal);
      blockingDisk.rename(this.#partial, this.#file);
    } catch (error) {
      throw this.#failed(error);
    }
    this.#partial = "";
  }

  /** Nothing is left of a file that is not complete. */
  release(): void {
    try {
      this.#close();
    } catch {
      // What could not be written is not wanted any more.
    }
    try {
      if (this.#partial !== "") blockingDisk.unlink(this.#partial);
    } catch {
      // Somebody removed the folder: then nothing is left either.
    }
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) blockingDisk.close(fd);
  }

  #failed(error: unknown): DataPlaneError {
    if (error instanceof DataPlaneError) return error;
    const { code, message, origin, ref, cause } = localError("write", this.#file, error);
    // `unavailable` speaks of the store alone, whose bytes are asked for again.
    return new DataPlaneError(code === "unavailable" ? "internal" : code, message, {
      origin,
      ...(ref !== undefined && { ref }),
      cause,
    });
  }

  /** A disk that fills up on the way says how much is missing. */
  #explained(error: unknown): unknown {
    const cause = error instanceof DataPlaneError ? error.cause : undefined;
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENOSPC")) return error;
    let free: number | undefined;
    try {
      free = blockingDisk.free(path.dirname(this.#file));
    } catch {
      // The file system does not say.
    }
    return diskFull(this.#file, this.taking?.size ?? 0, free, error);
  }
}
