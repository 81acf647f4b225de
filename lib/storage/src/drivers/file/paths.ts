import { randomBytes } from "node:crypto";
import { realpath } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { fileError, systemCode } from "./errors.ts";

const partialName = /^\.partial-[0-9a-f]{16}$/;

/**
 * A name for an object that is not complete: never listed, never readable as a key, short enough for any file system.
 * Chance tells processes apart, a count the names of one: asking the system for chance each time is dear where thousands
 * of small files are written.
 */
export function newPartialName(): string {
  if (count === 0) chance = randomBytes(5).toString("hex");
  count = (count + 1) % 2 ** 24;
  return `.partial-${chance}${count.toString(16).padStart(6, "0")}`;
}

let chance = "";
let count = 0;

export function isPartialName(name: string): boolean {
  return partialName.test(name);
}

/**
 * The file of a key below `root`. Throws `invalid_argument` for keys that name no file of their own: with an empty,
 * `.` or `..` segment, a slash at an end, or the name of a partial object.
 */
export function pathOfKey(root: string, key: string): string {
  for (const segment of key.split("/")) {
    if (!isSegment(segment)) {
      throw new DataPlaneError("invalid_argument", `segment "${segment}" of the key cannot be a file name`);
    }
  }
  return root === "/" ? `/${key}` : `${root}/${key}`;
}

export function isSegment(segment: string): boolean {
  return segment !== "" && segment !== "." && segment !== ".." && !segment.includes("\0") && !isPartialName(segment);
}

/**
 * Rejects with `permission_denied` if `file` lies outside `root` once symbolic links are followed. What does not exist
 * yet is judged by its nearest existing ancestor. A link planted after the check is not seen: this guards against
 * stray and hostile links in the tree, not against a process that may write anywhere in it.
 */
export async function checkInside(root: string, file: string): Promise<void> {
  if (root === "/") return;
  const real = await resolve(root);
  // As long as the folder of the store is absent there are no links in it.
  if (real === undefined) return;
  for (let candidate = file; candidate !== root; candidate = path.dirname(candidate)) {
    const resolved = await resolve(candidate);
    if (resolved === undefined) continue;
    if (resolved === real || resolved.startsWith(real === "/" ? real : `${real}/`)) return;
    throw new DataPlaneError("permission_denied", "a symbolic link leads out of the store");
  }
}

async function resolve(file: string): Promise<string | undefined> {
  try {
    return await realpath(file);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG") return undefined;
    throw fileError(error);
  }
}
