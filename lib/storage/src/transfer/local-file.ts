import { Buffer } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { DataPlaneError } from "@flyte-dataplane/core";
import { shrunk } from "../source.ts";
import type { BlockingDisk, Disk } from "./disk.ts";
import { localError } from "./local-error.ts";

/** A local file while it is uploaded. */
export interface LocalFile {
  readonly path: string;
  readonly fd: number;
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Rejects with `failed_precondition` (origin user) if somebody wrote to the file since it was opened. */
  checkUnchanged(): Promise<void>;
  /** The whole file in `memory`, which is large enough, where that is given. Rejects as `checkUnchanged` does. */
  bytes(memory?: Uint8Array): Promise<Uint8Array>;
  /** Fills `memory` from `offset` on. Rejects with `data_loss` (origin user) where the file is too short by now. */
  fill(memory: Uint8Array, offset: number): Promise<void>;
}

/** Opens a regular file for `use`, once: a file that is replaced meanwhile is read to its end all the same. */
export async function withLocalFile<T>(disk: Disk, file: string, use: (opened: LocalFile) => Promise<T>): Promise<T> {
  const fd = await open(disk, file);
  try {
    const before = await stat(disk, file, fd);
    if (!before.isFile()) throw refuse(file, "it is no regular file");
    const size = Number(before.size);
    const checkUnchanged = async (): Promise<void> => {
      const after = await stat(disk, file, fd);
      if (!isUnchanged(before, after)) throw refuse(file, changed);
    };
    const bytes = async (memory?: Uint8Array): Promise<Uint8Array> => {
      const content = (memory ?? Buffer.allocUnsafe(size)).subarray(0, size);
      const read = await readInto(disk, file, fd, content, 0);
      await checkUnchanged();
      return content.subarray(0, read);
    };
    const fill = async (memory: Uint8Array, offset: number): Promise<void> => {
      const read = await readInto(disk, file, fd, memory, offset);
      if (read < memory.byteLength) throw shrunk(offset + read, offset + memory.byteLength);
    };
    return await use({ path: file, fd, size, checkUnchanged, bytes, fill });
  } finally {
    await disk.close(fd);
  }
}

/**
 * The bytes of a regular file in `memory`, read within this call by a disk that blocks; undefined if they do not fit. Throws
 * as `withLocalFile` and `LocalFile.bytes` reject.
 */
export function readSmallFile(disk: BlockingDisk, file: string, memory: Uint8Array): Uint8Array | undefined {
  try {
    const fd = disk.openToRead(file);
    try {
      const before = disk.stat(fd);
      if (!before.isFile()) throw refuse(file, "it is no regular file");
      if (before.size > memory.byteLength) return undefined;
      const read = disk.read(fd, memory.subarray(0, Number(before.size)), 0);
      if (!isUnchanged(before, disk.stat(fd))) throw refuse(file, changed);
      return memory.subarray(0, read);
    } finally {
      disk.close(fd);
    }
  } catch (error) {
    throw localError("read", file, error);
  }
}

const changed = "the file changed while it was uploaded";

function isUnchanged(before: BigIntStats, after: BigIntStats): boolean {
  return after.size === before.size && after.mtimeNs === before.mtimeNs;
}

async function open(disk: Disk, file: string): Promise<number> {
  try {
    return await disk.openToRead(file);
  } catch (error) {
    throw localError("read", file, error);
  }
}

async function stat(disk: Disk, file: string, fd: number): Promise<BigIntStats> {
  try {
    return await disk.stat(fd);
  } catch (error) {
    throw localError("read", file, error);
  }
}

async function readInto(disk: Disk, file: string, fd: number, content: Uint8Array, position: number): Promise<number> {
  try {
    return await disk.read(fd, content, position);
  } catch (error) {
    throw localError("read", file, error);
  }
}

function refuse(file: string, why: string): DataPlaneError {
  return new DataPlaneError("failed_precondition", `read ${file}: ${why}`, { origin: "user", ref: file });
}
