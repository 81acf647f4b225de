import { realpath } from "node:fs/promises";
import type { Bucket } from "../bucket.ts";
import type { PutResult } from "../driver.ts";
import { createContext } from "./context.ts";
import { InPages } from "./in-pages.ts";
import { localError } from "./local-error.ts";
import { moveTree } from "./move-tree.ts";
import type { TreeResult, UploadTreeOptions } from "./options.ts";
import { forManyFiles, sendFile } from "./send-file.ts";
import { type WalkedFile, walkFiles } from "./walk.ts";

/**
 * Stores every regular file below `directory` under `prefix` and its relative path; the caller ends a folder's prefix in
 * a slash. Empty folders vanish. Links are followed to files inside the directory, or `within`, only; see `walkFiles`. The folders are
 * read as the transfer goes on, so memory does not grow with the tree. The first failure ends the transfer; what was
 * stored by then stays.
 */
export async function uploadTree(
  bucket: Bucket,
  directory: string,
  prefix: string,
  options: UploadTreeOptions,
): Promise<TreeResult> {
  const context = createContext(bucket, options);
  const root = await resolve(directory);
  const files = (): InPages<WalkedFile> =>
    new InPages(walkFiles(root, options.within ?? root, options.writes ?? "async"));
  const send = ({ segments, path }: WalkedFile, signal: AbortSignal): Promise<PutResult> =>
    sendFile(context, path, `${prefix}${segments.join("/")}`, signal);
  return await forManyFiles(() => moveTree(context, "upload", root, files, send));
}

async function resolve(directory: string): Promise<string> {
  try {
    return await realpath(directory);
  } catch (error) {
    throw localError("read folder", directory, error);
  }
}
