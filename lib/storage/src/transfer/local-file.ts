import { Buffer } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Disk } from "./disk.ts";
import { localError } from "./local-error.ts";

/** A local file while it is uploaded. */
export interface LocalFile {
  readonly path: string;
  readonly fd: number;
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Rejects with `failed_precondition` (origin user) if somebody wrote to the file since it was opened. */
  checkUnchanged(): Promise<void>;
  /** The whole file. Rejects as `checkUnchanged` does. */
  bytes(): Promise<Uint8Array>;
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
      if (after.size === before.size && after.mtimeNs === before.mtimeNs) return;
      throw refuse(file, "the file changed while it was uploaded");
    };
    const bytes = async (): Promise<Uint8Array> => {
      const content = Buffer.allocUnsafe(size);
      const read = await readWhole(disk, file, fd, content);
      await checkUnchanged();
      return content.subarray(0, read);
    };
    return await use({ path: file, fd, size, checkUnchanged, bytes });
  } finally {
    await disk.close(fd);
  }
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

async function readWhole(disk: Disk, file: string, fd: number, content: Uint8Array): Promise<number> {
  try {
    return await disk.read(fd, content, 0);
  } catch (error) {
    throw localError("read", file, error);
  }
}

function refuse(file: string, why: string): DataPlaneError {
  return new DataPlaneError("failed_precondition", `read ${file}: ${why}`, { origin: "user", ref: file });
}
