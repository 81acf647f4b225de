import { type Dirent, opendirSync } from "node:fs";
import { opendir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { localError } from "./local-error.ts";

/** A regular file below the folder that is uploaded. */
export interface WalkedFile {
  /** Names from the folder to the file. */
  readonly segments: readonly string[];
  /** Free of links at its end. */
  readonly path: string;
}

/** Entries that one read of a folder brings. */
const entriesAtOnce = 256;

/**
 * Every regular file below `root`, which is a resolved path, folder by folder and as the folders are read, several files at
 * a time. A link to a file inside `within`, a resolved path too, counts as that file. Rejects (origin user) with
 * `permission_denied` for a link that leads out, `not_found` for one that leads nowhere, `failed_precondition` for one to a
 * folder, since those may form a circle, and for pipes, sockets and devices; what was found before is given first.
 */
export async function* walkFiles(
  root: string,
  within: string,
  writes: "sync" | "async",
  segments: readonly string[] = [],
): AsyncGenerator<readonly WalkedFile[], void, undefined> {
  const folder = [root, ...segments].join("/");
  for await (const page of pagesOf(folder, writes)) {
    let files: WalkedFile[] = [];
    for (const entry of page) {
      const file = `${folder}/${entry.name}`;
      if (entry.isFile()) {
        files.push({ segments: [...segments, entry.name], path: file });
        continue;
      }
      if (files.length > 0) yield files;
      files = [];
      const inner = [...segments, entry.name];
      if (entry.isDirectory()) yield* walkFiles(root, within, writes, inner);
      else if (entry.isSymbolicLink()) files.push({ segments: inner, path: await target(within, file) });
      else throw refuse("failed_precondition", file, "it is a pipe, socket or device, not a file");
    }
    if (files.length > 0) yield files;
  }
}

/** The entries of a folder; without a promise for each where the disk may block. */
async function* pagesOf(folder: string, writes: "sync" | "async"): AsyncGenerator<readonly Dirent[], void, undefined> {
  try {
    const bufferSize = entriesAtOnce;
    const opened = writes === "sync" ? opendirSync(folder, { bufferSize }) : await opendir(folder, { bufferSize });
    try {
      for (;;) {
        const page: Dirent[] = [];
        while (page.length < entriesAtOnce) {
          const entry = writes === "sync" ? opened.readSync() : await opened.read();
          if (entry === null) break;
          page.push(entry);
        }
        yield page;
        if (page.length < entriesAtOnce) return;
      }
    } finally {
      await opened.close();
    }
  } catch (error) {
    throw localError("read folder", folder, error);
  }
}

async function target(within: string, link: string): Promise<string> {
  const resolved = await realpath(link).catch((cause: unknown) => {
    throw refuse("not_found", link, "the link leads nowhere", cause);
  });
  if (!resolved.startsWith(within === path.sep ? within : `${within}${path.sep}`)) {
    throw refuse("permission_denied", link, "the link leads out of the folder");
  }
  const stats = await stat(resolved);
  if (stats.isDirectory()) throw refuse("failed_precondition", link, "it is a link to a folder");
  if (!stats.isFile()) throw refuse("failed_precondition", link, "it leads to a pipe, socket or device, not a file");
  return resolved;
}

function refuse(
  code: "failed_precondition" | "not_found" | "permission_denied",
  file: string,
  why: string,
  cause?: unknown,
): DataPlaneError {
  return new DataPlaneError(code, `read ${file}: ${why}`, { origin: "user", ref: file, cause });
}
