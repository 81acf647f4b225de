import type { Dirent } from "node:fs";
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
 * Every regular file below `root`, which is a resolved path, folder by folder and as the folders are read. A link to a
 * file inside `within`, a resolved path too, counts as that file. Rejects (origin user) with `permission_denied` for a link that leads out,
 * `not_found` for one that leads nowhere, `failed_precondition` for one to a folder, since those may form a circle, and for
 * pipes, sockets and devices.
 */
export async function* walkFiles(
  root: string,
  within: string,
  segments: readonly string[] = [],
): AsyncGenerator<WalkedFile, void, undefined> {
  const folder = [root, ...segments].join("/");
  for await (const entry of entries(folder)) {
    const inner = [...segments, entry.name];
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walkFiles(root, within, inner);
    else if (entry.isFile()) yield { segments: inner, path: file };
    else if (entry.isSymbolicLink()) yield { segments: inner, path: await target(within, file) };
    else throw refuse("failed_precondition", file, "it is a pipe, socket or device, not a file");
  }
}

async function* entries(folder: string): AsyncGenerator<Dirent, void, undefined> {
  try {
    yield* await opendir(folder, { bufferSize: entriesAtOnce });
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
