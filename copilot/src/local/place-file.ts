import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fchmodSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";

/** Readable by whatever user the task's container runs as, whatever the umask here. */
const fileMode = 0o644;
const folderMode = 0o755;

/**
 * Fills `file` with `body`; it appears under its name complete or not at all. Its folder must exist. Rejects with what
 * `body` rejects with, or `resource_exhausted`/`permission_denied` for the disk, naming the file. Lets go of `body` in any
 * case: one that is never begun keeps its connection, and those behind it wait for one.
 */
export async function placeFile(file: string, body: AsyncIterable<Uint8Array>): Promise<number> {
  const partial = partialOf(file);
  const handle = await onDisk(file, () => open(partial, "wx", fileMode)).catch(async (error: unknown) => {
    await released(body).catch(() => undefined);
    throw error;
  });
  let placed = false;
  try {
    const size = await fill(file, handle, body);
    await onDisk(file, () => rename(partial, file));
    placed = true;
    return size;
  } finally {
    if (!placed) await unlink(partial).catch(() => undefined);
  }
}

async function released(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _chunk of body) return;
}

/** As `placeFile`, with bytes at hand, and blocking: a small file would wait for a thread five times. */
export function placeBytesNow(file: string, bytes: Uint8Array): void {
  placePiecesNow(file, [bytes]);
}

/** As `placeBytesNow`, with pieces that are made as they are written: each is done with when the next is taken. */
export function placePiecesNow(file: string, pieces: Iterable<Uint8Array>): void {
  const partial = partialOf(file);
  let placed = false;
  let fd: number | undefined;
  try {
    fd = openSync(partial, "wx", fileMode);
    for (const bytes of pieces) {
      for (let written = 0; written < bytes.byteLength; ) written += writeSync(fd, bytes, written);
    }
    fchmodSync(fd, fileMode);
    renameSync(partial, file);
    placed = true;
  } catch (cause) {
    throw diskError(file, cause);
  } finally {
    if (fd !== undefined) {
      closeSync(fd);
      if (!placed) unlinkSync(partial);
    }
  }
}

function partialOf(file: string): string {
  return path.join(path.dirname(file), `.partial-${randomBytes(8).toString("hex")}`);
}

/** Makes `folder` and those above it, blocking; whatever it makes any user may enter, whatever the umask. */
export function makeFolder(folder: string): void {
  try {
    makeMissing(folder);
  } catch (cause) {
    throw diskError(folder, cause);
  }
}

/** Not Node's recursive mkdir: it never ends below /proc, where making a folder is ENOENT. */
function makeMissing(folder: string): void {
  if (isFolder(folder)) return;
  if (path.dirname(folder) !== folder) makeMissing(path.dirname(folder));
  try {
    mkdirSync(folder);
    chmodSync(folder, folderMode);
  } catch (error) {
    // Somebody else made it in the meantime.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(folder: string): boolean {
  try {
    return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

async function fill(file: string, handle: FileHandle, body: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  try {
    for await (const chunk of body) {
      const at = size;
      await onDisk(file, () => writeAll(handle, chunk, at));
      size += chunk.byteLength;
    }
    await onDisk(file, () => handle.chmod(fileMode));
  } finally {
    await handle.close();
  }
  return size;
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) {
    written += (await handle.write(chunk, written, chunk.byteLength - written, position + written)).bytesWritten;
  }
}

const codes: Readonly<Record<string, "resource_exhausted" | "permission_denied" | "failed_precondition">> = {
  ENOSPC: "resource_exhausted",
  EDQUOT: "resource_exhausted",
  EFBIG: "resource_exhausted",
  EACCES: "permission_denied",
  EPERM: "permission_denied",
  EROFS: "permission_denied",
  EEXIST: "failed_precondition",
  EISDIR: "failed_precondition",
  ENOTDIR: "failed_precondition",
  ENAMETOOLONG: "failed_precondition",
};

async function onDisk<T>(file: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw diskError(file, cause);
  }
}

function diskError(file: string, cause: unknown): DataPlaneError {
  const system = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const why = cause instanceof Error ? cause.message : system;
  return new DataPlaneError(codes[system] ?? "internal", `write ${file}: ${why}`, { ref: file, cause });
}
