/** The file system that inputs are staged in: in a pod a volume, which has a size of its own. */
import { statfsSync } from "node:fs";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";

/** Throws `resource_exhausted`, naming the volume, where `needed` bytes are more than are free. */
export function checkRoom(folder: string, needed: number): void {
  const free = freeBytes(folder);
  if (free === undefined || needed <= free) return;
  throw new DataPlaneError(
    "resource_exhausted",
    `stage inputs in ${folder}: its volume has ${free} bytes free, and the inputs have at least ${needed}`,
    { ref: folder },
  );
}

/** `error`, with the volume named where it says that a file in `folder` found no room. */
export function namingVolume(folder: string, error: unknown): unknown {
  if (!(error instanceof DataPlaneError) || error.code !== "resource_exhausted") return error;
  if (!isAbout(folder, error) && !isAbout(folder, error.cause)) return error;
  const free = freeBytes(folder);
  const left = free === undefined ? "" : `, it has ${free} bytes free`;
  return new DataPlaneError(error.code, `${error.message}; the volume of ${folder} is too small${left}`, {
    origin: error.origin,
    ref: folder,
    cause: error.cause,
  });
}

function isAbout(folder: string, error: unknown): boolean {
  return error instanceof DataPlaneError && path.resolve(error.ref ?? "").startsWith(`${path.resolve(folder)}/`);
}

/** That this user may fill; undefined where the file system does not say. */
function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
