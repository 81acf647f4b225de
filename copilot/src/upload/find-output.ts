import { readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";

/** What the task left for one variable, or one entry of a folder that it left. */
export interface FoundOutput {
  /** Resolved path. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Bytes of a file. */
  readonly size: number;
}

/**
 * The file or folder of a variable: the one of its name, else the single one whose name goes on with a dot. Rejects
 * (origin user) with `not_found` for none or several, and with `permission_denied` for a symbolic link that leads out of
 * `directory`.
 */
export async function findOutput(directory: string, variable: string): Promise<FoundOutput> {
  const names: readonly string[] = await readdir(directory).catch(() => []);
  if (names.includes(variable)) return await examine(directory, path.join(directory, variable));
  const candidates = names.filter((name) => name.startsWith(`${variable}.`)).sort();
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return await examine(directory, path.join(directory, only));
  const what =
    only === undefined ? "the task left no such file" : `several files match: ${candidates.slice(0, 5).join(", ")}`;
  throw new DataPlaneError("not_found", `find output "${variable}" in ${directory}: ${what}`, { origin: "user" });
}

/** Resolves `file` inside `directory`, so that no link of the task makes another container's file an output. */
async function examine(directory: string, file: string): Promise<FoundOutput> {
  const root = await realpath(directory);
  const resolved = await realpath(file).catch((cause: unknown) => {
    throw new DataPlaneError("not_found", `read ${file}: the link leads nowhere`, { origin: "user", ref: file, cause });
  });
  if (!resolved.startsWith(`${root}/`)) {
    throw new DataPlaneError("permission_denied", `read ${file}: the link leads out of the output directory`, {
      origin: "user",
      ref: file,
    });
  }
  const stats = await stat(resolved);
  if (!stats.isFile() && !stats.isDirectory()) {
    throw new DataPlaneError("failed_precondition", `read ${file}: it is a pipe, socket or device, not a file`, {
      origin: "user",
      ref: file,
    });
  }
  return { path: resolved, isFolder: stats.isDirectory(), size: stats.size };
}
