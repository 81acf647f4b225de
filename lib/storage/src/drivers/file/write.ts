import { createHash, type Hash } from "node:crypto";
import { type FileHandle, link, mkdir, open, rename, statfs, unlink } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { abortable, throwIfAborted } from "../../abortable.ts";
import type { PutOptions, PutResult } from "../../driver.ts";
import { fileError, placementError, systemCode } from "./errors.ts";
import { etagOf } from "./object-info.ts";
import { newPartialName } from "./paths.ts";

/** Bytes hashed and written at a time: a body in one huge chunk must not hold up the event loop. */
const sliceBytes = 1024 * 1024;

/**
 * Writes `body` beside `file` under a partial name, checks it and moves it into place. Whatever goes wrong, the partial
 * file is gone when the promise settles; folders made on the way stay.
 */
export async function writeFile(
  file: string,
  body: AsyncIterable<Uint8Array>,
  options: PutOptions,
  synced: boolean,
): Promise<PutResult> {
  const folder = path.dirname(file);
  const partial = path.join(folder, newPartialName());
  const handle = await create(folder, partial);
  let placed = false;
  try {
    const result = await fill(handle, body, options, synced, folder);
    throwIfAborted(options.signal);
    placed = await place(partial, file, options.ifAbsent === true);
    if (synced) await syncFolder(folder);
    return result;
  } finally {
    if (!placed) await unlink(partial).catch(() => undefined);
  }
}

async function create(folder: string, partial: string): Promise<FileHandle> {
  try {
    return await open(partial, "wx", 0o666).catch(async (error: unknown) => {
      if (systemCode(error) !== "ENOENT") throw error;
      await makeFolder(folder);
      return await open(partial, "wx", 0o666);
    });
  } catch (error) {
    throw placementError(error);
  }
}

/** Each folder is tried twice at most: Node's own recursive mkdir never ends below /proc, where making one is ENOENT. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return;
    if (systemCode(error) !== "ENOENT" || path.dirname(folder) === folder) throw error;
    await makeFolder(path.dirname(folder));
    await mkdir(folder).catch((second: unknown) => {
      if (systemCode(second) !== "EEXIST") throw second;
    });
  }
}

/** Closes `handle` in any case. */
async function fill(
  handle: FileHandle,
  body: AsyncIterable<Uint8Array>,
  options: PutOptions,
  synced: boolean,
  folder: string,
): Promise<PutResult> {
  const hash = options.contentMd5 === undefined ? undefined : createHash("md5");
  try {
    if (options.length !== undefined) await checkSpace(folder, options.length);
    const size = await copy(handle, body, hash, options);
    if (options.length !== undefined && size !== options.length) {
      throw new DataPlaneError("data_loss", `the body has ${size} bytes, ${options.length} were announced`);
    }
    if (options.contentMd5 !== undefined && hash?.digest().equals(options.contentMd5) !== true) {
      throw new DataPlaneError("data_loss", "the MD5 of the body is not the one announced");
    }
    // Before the rename: else a crash may leave the final name on an empty file.
    if (synced) await handle.sync();
    return { etag: etagOf(await handle.stat({ bigint: true })), size };
  } catch (error) {
    throw fileError(error);
  } finally {
    await handle.close();
  }
}

/** Refuses what cannot fit before it fills the disk for everybody else; less than that shows soon enough. */
async function checkSpace(folder: string, length: number): Promise<void> {
  if (length < checkedBytes) return;
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= length) return;
  throw new DataPlaneError("resource_exhausted", `the body has ${length} bytes, ${free} are free on the device`);
}

const checkedBytes = 16 * 1024 * 1024;

async function copy(
  handle: FileHandle,
  body: AsyncIterable<Uint8Array>,
  hash: Hash | undefined,
  options: PutOptions,
): Promise<number> {
  let size = 0;
  for await (const chunk of abortable(body, options.signal)) {
    if (options.length !== undefined && size + chunk.byteLength > options.length) {
      throw new DataPlaneError("data_loss", `the body has more than the ${options.length} bytes announced`);
    }
    for (let from = 0; from < chunk.byteLength; from += sliceBytes) {
      const slice = chunk.subarray(from, from + sliceBytes);
      hash?.update(slice);
      size += await writeAll(handle, slice, size);
      throwIfAborted(options.signal);
    }
  }
  return size;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let written = 0;
  while (written < bytes.byteLength) {
    const result = await handle.write(bytes, written, bytes.byteLength - written, position + written);
    written += result.bytesWritten;
  }
  return written;
}

/** Gives the partial file its final name; true once nothing is left under the partial one. */
async function place(partial: string, file: string, ifAbsent: boolean): Promise<boolean> {
  try {
    if (!ifAbsent) {
      await rename(partial, file);
      return true;
    }
    // link(2) fails if the name is taken, rename(2) does not: the one atomic "create if absent" for a complete file.
    await link(partial, file);
    return false;
  } catch (error) {
    if (ifAbsent && systemCode(error) === "EEXIST") throw fileError(error);
    throw placementError(error);
  }
}

/** Makes the new name durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot sync a folder; they are durable or not by their own means.
    if (systemCode(error) !== "EINVAL") throw fileError(error);
  } finally {
    await handle.close();
  }
}
