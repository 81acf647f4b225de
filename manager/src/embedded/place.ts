/** What can be told of a place before anything is made there. */
import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** `path` itself, or as much of it as is there. */
export async function existingPart(path: string): Promise<string> {
  const kind = await kindOf(path);
  return kind !== "nothing" || dirname(path) === path ? path : await existingPart(dirname(path));
}

export async function kindOf(path: string): Promise<"directory" | "other" | "nothing"> {
  return await stat(path).then(
    (found) => (found.isDirectory() ? "directory" : "other"),
    () => "nothing",
  );
}

/** Whether this user may make files in a directory. */
export async function isWritable(directory: string): Promise<boolean> {
  return await access(directory, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Bytes that this user may still fill on the file system of `path`, which must be there. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
