import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../abortable.ts";
import { newPartialName } from "../drivers/file/paths.ts";
import type { Disk } from "./disk.ts";
import { localError } from "./local-error.ts";

/** From so many bytes on the free space is looked at before the first is fetched. */
const checkedBytes = 1024 * 1024;

/**
 * Makes `file` complete or not at all: `fill` writes into a sibling under a partial name, which then takes the final one.
 * Whatever goes wrong, the sibling is gone when the promise settles. The file survives the end of the process, not of the
 * machine: what was downloaded can be downloaded again.
 */
export async function writeWhole<T>(
  disk: Disk,
  file: string,
  size: number,
  signal: AbortSignal,
  fill: (fd: number) => Promise<T>,
): Promise<T> {
  const folder = path.dirname(file);
  if (size >= checkedBytes) await checkSpace(disk, folder, file, size);
  const partial = `${folder}/${newPartialName()}`;
  const fd = await opened(disk, file, partial);
  let placed = false;
  try {
    const result = await filled(disk, fd, fill);
    throwIfAborted(signal);
    await disk.rename(partial, file);
    placed = true;
    return result;
  } catch (error) {
    throw localError("write", file, error);
  } finally {
    if (!placed) await removed(disk, partial);
  }
}

async function opened(disk: Disk, file: string, partial: string): Promise<number> {
  try {
    return await disk.create(partial);
  } catch (error) {
    throw localError("write", file, error);
  }
}

async function filled<T>(disk: Disk, fd: number, fill: (fd: number) => Promise<T>): Promise<T> {
  try {
    return await fill(fd);
  } finally {
    await disk.close(fd);
  }
}

async function removed(disk: Disk, partial: string): Promise<void> {
  try {
    await disk.unlink(partial);
  } catch {
    // Somebody removed the folder: then nothing is left either.
  }
}

async function checkSpace(disk: Disk, folder: string, file: string, size: number): Promise<void> {
  const free = await freeBytes(disk, folder);
  if (free !== undefined && free < size) throw diskFull(file, size, free);
}

/** Undefined where the file system does not say. */
export async function freeBytes(disk: Disk, folder: string): Promise<number | undefined> {
  try {
    return await disk.free(folder);
  } catch {
    return undefined;
  }
}

export function diskFull(file: string, size: number, free: number | undefined, cause?: unknown): DataPlaneError {
  return new DataPlaneError(
    "resource_exhausted",
    `write ${file}: the disk is full: the object has ${size} bytes, ${free ?? "an unknown number"} are free`,
    { ref: file, cause },
  );
}
