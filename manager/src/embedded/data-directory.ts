/** The directory that holds everything a laptop's server keeps: opened by one server at a time, refused when it is not ours. */
import { constants } from "node:fs";
import { access, mkdir, readdir, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { type Format, readFormat, requireLayout, writeFormat } from "./format-file.ts";
import { type Lock, takeLock } from "./lock-file.ts";

export interface DataDirectory {
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly format: Format;
  readonly lock: Lock;
}

/**
 * Makes `wanted` (mode 0700) or opens what an earlier run made, and takes its lock; release the lock when done. Rejects
 * with one line, `failed_precondition` or `permission_denied`, when the directory is foreign, of another version, not
 * writable or in use; nothing is written there then.
 */
export async function openDataDirectory(wanted: string): Promise<DataDirectory> {
  // One name for one directory: a running database is known by the path it was started with.
  const path = await makeUsable(wanted);
  const known = await readFormat(path).catch((error: unknown) => {
    throw refusal(path, error);
  });
  if (known === undefined) await requireEmpty(path);
  else requireLayout(path, known);
  const lock = await takeLock(path).catch((error: unknown) => {
    throw refusal(path, error);
  });
  try {
    if (known === undefined) await writeFormat(path, undefined);
    // Read again under the lock: the server that held it before may have initialised the database.
    return { path, lock, format: (await readFormat(path)) ?? { layout: 1 } };
  } catch (error) {
    await lock.release();
    throw refusal(path, error);
  }
}

async function makeUsable(path: string): Promise<string> {
  try {
    // Private is the directory itself, not what leads there.
    await mkdir(dirname(resolve(path)), { recursive: true });
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (!isTaken(error)) throw error;
    });
    const found = await stat(path);
    if (!found.isDirectory()) throw refused(path, "it is not a directory");
    const uid = process.getuid?.();
    if (uid !== undefined && uid !== 0 && found.uid !== uid)
      throw refused(path, `it belongs to user ${found.uid}`, "permission_denied");
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(path);
  } catch (error) {
    throw refusal(path, error);
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}

async function requireEmpty(path: string): Promise<void> {
  // A server that starts beside us may have its lock there already; an empty file system has lost+found.
  const foreign = (await readdir(path)).filter((name) => name !== "lost+found" && !/^(lock|FORMAT)(\..*)?$/.test(name));
  if (foreign[0] !== undefined) throw refused(path, `it holds "${foreign[0]}" and other files that are not ours`);
}

function refusal(path: string, error: unknown): unknown {
  if (error instanceof DataPlaneError || !(error instanceof Error && "code" in error)) return error;
  switch (error.code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return refused(path, "it cannot be written", "permission_denied", error);
    case "ENOTDIR":
    case "EEXIST":
      return refused(path, "it is not a directory", "failed_precondition", error);
    case "ENOSPC":
      return refused(path, "the disk is full", "resource_exhausted", error);
    default:
      // Whatever else the system says of the path (too long, a loop of links, no such place) is said in its own words.
      return refused(path, error.message, "failed_precondition", error);
  }
}

function refused(
  path: string,
  why: string,
  code: "failed_precondition" | "permission_denied" | "resource_exhausted" = "failed_precondition",
  cause?: unknown,
): DataPlaneError {
  return new DataPlaneError(code, `data directory ${path}: ${why}; choose another with --data-dir`, {
    origin: "user",
    ref: path,
    cause,
  });
}
