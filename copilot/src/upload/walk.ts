import { readdir } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { examine } from "./find-output.ts";

/** A file below a folder that the task left. */
export interface FolderFile {
  /** Names from the folder to the file. */
  readonly segments: readonly string[];
  /** Resolved path. */
  readonly path: string;
}

/**
 * Every regular file below `folder`, folder by folder. A link to a file inside `directory` counts as that file; links to
 * folders could form a circle and are refused, as are pipes, sockets and devices.
 */
export async function* walkFolder(
  directory: string,
  folder: string,
  segments: readonly string[] = [],
): AsyncGenerator<FolderFile, void, undefined> {
  for (const entry of await readdir(path.join(folder, ...segments), { withFileTypes: true })) {
    const inner = [...segments, entry.name];
    if (entry.isDirectory()) {
      yield* walkFolder(directory, folder, inner);
      continue;
    }
    const file = path.join(folder, ...inner);
    const found = await examine(directory, file);
    if (found.isFolder) {
      throw new DataPlaneError("failed_precondition", `read ${file}: it is a link to a folder`, {
        origin: "user",
        ref: file,
      });
    }
    yield { segments: inner, path: found.path };
  }
}
