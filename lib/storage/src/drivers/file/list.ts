import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { compareUtf8 } from "@flyte-dataplane/core";
import { throwIfAborted } from "../../abortable.ts";
import type { ListOptions, ObjectInfo } from "../../driver.ts";
import { fileError, systemCode } from "./errors.ts";
import { objectInfo } from "./object-info.ts";
import { isPartialName, isSegment } from "./paths.ts";

/**
 * Walks the tree below `root` in the order of whole keys. One folder's names are in memory at a time per level. A
 * symbolic link to a file is an object; one to a folder is not entered, since it may lead back up.
 */
export async function* listFiles(
  root: string,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const cut = prefix.lastIndexOf("/") + 1;
  const folder = prefix.slice(0, cut);
  if (folder !== "" && !folder.slice(0, -1).split("/").every(isSegment)) return;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  if (left <= 0) return;
  for await (const info of walk(root, folder, prefix.slice(cut), options)) {
    yield info;
    left -= 1;
    if (left === 0) return;
  }
}

async function* walk(
  root: string,
  folder: string,
  namePrefix: string,
  options: ListOptions,
): AsyncGenerator<ObjectInfo, void, undefined> {
  for (const entry of await entries(root, folder, namePrefix, options.startAfter)) {
    throwIfAborted(options.signal);
    if (entry.isFolder) {
      yield* walk(root, entry.key, "", options);
    } else {
      const info = await describe(root, entry.key);
      if (info !== undefined) yield info;
    }
  }
}

interface Entry {
  /** A folder's ends in a slash: so it sorts where the keys below it do. */
  readonly key: string;
  readonly isFolder: boolean;
}

async function entries(
  root: string,
  folder: string,
  namePrefix: string,
  startAfter: string | undefined,
): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  for (const dirent of await readFolder(root, folder)) {
    if (!dirent.name.startsWith(namePrefix) || isPartialName(dirent.name)) continue;
    const isFolder = dirent.isDirectory();
    if (!isFolder && !dirent.isFile() && !dirent.isSymbolicLink()) continue;
    const key = `${folder}${dirent.name}${isFolder ? "/" : ""}`;
    if (startAfter === undefined || compareUtf8(key, startAfter) > 0 || (isFolder && startAfter.startsWith(key))) {
      found.push({ key, isFolder });
    }
  }
  return found.sort((a, b) => compareUtf8(a.key, b.key));
}

async function readFolder(root: string, folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(`${root === "/" ? "" : root}/${folder}`, { withFileTypes: true });
  } catch (error) {
    // Absent, a file, or removed since its parent was read: in each case no key starts so.
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return [];
    throw fileError(error);
  }
}

/** Undefined for what vanished since the folder was read, and for links that lead to no file. */
async function describe(root: string, key: string): Promise<ObjectInfo | undefined> {
  try {
    const stats = await stat(`${root === "/" ? "" : root}/${key}`, { bigint: true });
    return stats.isFile() ? objectInfo(key, stats) : undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCode(error))) return undefined;
    throw fileError(error);
  }
}
