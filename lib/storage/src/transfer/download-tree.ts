import path from "node:path";
import { compareUtf8, DataPlaneError } from "@flyte-dataplane/core";
import type { Bucket } from "../bucket.ts";
import type { ObjectInfo } from "../driver.ts";
import { createContext } from "./context.ts";
import { fetchObject } from "./fetch-object.ts";
import { Folders } from "./folders.ts";
import { moveTree } from "./move-tree.ts";
import type { DownloadTreeOptions, TreeResult } from "./options.ts";
import { type KeyPlace, placeOfKey } from "./place-key.ts";

/**
 * Brings every object whose key starts with `prefix` into `directory`, under the rest of its key; the caller ends a
 * folder's prefix in a slash. The listing is read as it comes, so memory does not grow with the tree, and a small object
 * costs one request. Each file is there complete or not at all. A key that has no place in the directory is refused before
 * its object is fetched. The first failure ends the transfer; what was complete by then stays.
 */
export async function downloadTree(
  bucket: Bucket,
  prefix: string,
  directory: string,
  options: DownloadTreeOptions,
): Promise<TreeResult> {
  const context = createContext(bucket, options);
  const root = path.resolve(directory);
  const folders = new Folders(context.disk, root);
  await folders.make(root);
  const objects = (signal: AbortSignal): AsyncIterable<Placed> =>
    placed(bucket, prefix, options.listed ?? bucket.list(prefix, { signal }));
  return await moveTree(context, "download", bucket.uri(prefix), objects, async ({ info, place }, signal) => {
    const { segments, isFolder } = place;
    const name = segments.length === 0 ? root : `${root}/${segments.join("/")}`;
    const missing = folders.make(isFolder ? name : path.dirname(name));
    if (missing !== undefined) await missing;
    if (isFolder) return 0;
    return (await fetchObject(context, info.key, name, info, signal)).size;
  });
}

interface Placed {
  readonly info: ObjectInfo;
  readonly place: KeyPlace;
}

/** Ascending keys only: a listing that goes back would go on for ever, or bring two objects into one file. */
async function* placed(
  bucket: Bucket,
  prefix: string,
  listing: Iterable<ObjectInfo> | AsyncIterable<ObjectInfo>,
): AsyncGenerator<Placed, void, undefined> {
  let last: string | undefined;
  for await (const info of listing) {
    const ref = (): string => bucket.uri(info.key);
    if (last !== undefined && compareUtf8(info.key, last) <= 0) {
      throw new DataPlaneError("data_loss", `list ${bucket.uri(prefix)}: the listing repeats itself at "${info.key}"`, {
        ref: ref(),
      });
    }
    last = info.key;
    yield { info, place: placeOfKey(info.key.slice(prefix.length), info.size, ref) };
  }
}
