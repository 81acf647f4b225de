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
  const place = new Places(bucket, prefix);
  const objects = (signal: AbortSignal): Iterable<Placed> | AsyncIterable<Placed> =>
    options.listed === undefined ? place.pages(bucket.pages(prefix, { signal })) : place.all(options.listed);
  return await moveTree(context, "download", bucket.uri(prefix), objects, async ({ info, place }, signal) => {
    const { segments, isFolder } = place;
    const name = segments.length === 0 ? root : `${root}/${segments.join("/")}`;
    const missing = folders.make(isFolder ? name : name.slice(0, name.lastIndexOf("/")));
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
class Places {
  readonly #bucket: Bucket;
  readonly #prefix: string;
  #last: string | undefined;

  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async *pages(pages: AsyncIterable<Iterable<ObjectInfo>>): AsyncGenerator<Placed, void, undefined> {
    for await (const page of pages) for (const info of page) yield this.#place(info);
  }

  *all(listed: Iterable<ObjectInfo>): Generator<Placed, void, undefined> {
    for (const info of listed) yield this.#place(info);
  }

  #place(info: ObjectInfo): Placed {
    const { key, size } = info;
    if (this.#last !== undefined && compareUtf8(key, this.#last) <= 0) {
      throw new DataPlaneError(
        "data_loss",
        `list ${this.#bucket.uri(this.#prefix)}: the listing repeats itself at "${key}"`,
        { ref: this.#bucket.uri(key) },
      );
    }
    this.#last = key;
    return { info, place: placeOfKey(key.slice(this.#prefix.length), size, () => this.#bucket.uri(key)) };
  }
}
