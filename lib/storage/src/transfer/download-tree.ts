import path from "node:path";
import { compareUtf8, DataPlaneError } from "@flyte-dataplane/core";
import type { Bucket } from "../bucket.ts";
import type { ObjectInfo } from "../driver.ts";
import { createContext } from "./context.ts";
import { fetchObject } from "./fetch-object.ts";
import { Folders } from "./folders.ts";
import { InPages } from "./in-pages.ts";
import { moveTree } from "./move-tree.ts";
import type { DownloadTreeOptions, TreeResult } from "./options.ts";
import { placeOfKey } from "./place-key.ts";

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
  const places = new Places(bucket, prefix, root);
  const objects = (signal: AbortSignal): Iterable<ObjectInfo> | InPages<ObjectInfo> =>
    options.listed === undefined
      ? new InPages(places.pages(bucket.pages(prefix, { signal })))
      : places.inOrder(options.listed);
  return await moveTree(context, "download", bucket.uri(prefix), objects, (info, signal) => {
    const { file, isFolder } = places.of(info);
    const missing = isFolder ? (folders.make(file) ?? made) : folders.makeFor(file);
    if (missing === undefined) return fetchObject(context, info.key, file, info, signal);
    return missing.then(() => (isFolder ? empty : fetchObject(context, info.key, file, info, signal)));
  });
}

const made = Promise.resolve();
/** What a folder takes. */
const empty = { size: 0 };

interface Place {
  readonly file: string;
  readonly isFolder: boolean;
}

/**
 * Ascending keys only: a listing that goes back would go on for ever, or bring two objects into one file. That is looked at
 * as the keys come: whoever waited for a page may begin with its objects in another order.
 */
class Places {
  readonly #bucket: Bucket;
  readonly #prefix: string;
  readonly #root: string;
  #last: string | undefined;

  constructor(bucket: Bucket, prefix: string, root: string) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#root = root;
  }

  async *pages(pages: AsyncIterable<readonly ObjectInfo[]>): AsyncGenerator<readonly ObjectInfo[], void, undefined> {
    for await (const page of pages) {
      for (const { key } of page) this.#checkNext(key);
      yield page;
    }
  }

  *inOrder(listed: Iterable<ObjectInfo>): Generator<ObjectInfo, void, undefined> {
    for (const info of listed) {
      this.#checkNext(info.key);
      yield info;
    }
  }

  of({ key, size }: ObjectInfo): Place {
    const { path: below, isFolder } = placeOfKey(key.slice(this.#prefix.length), size, () => this.#bucket.uri(key));
    return { file: below === "" ? this.#root : `${this.#root}/${below}`, isFolder };
  }

  #checkNext(key: string): void {
    if (this.#last !== undefined && compareUtf8(key, this.#last) <= 0) {
      throw new DataPlaneError(
        "data_loss",
        `list ${this.#bucket.uri(this.#prefix)}: the listing repeats itself at "${key}"`,
        { ref: this.#bucket.uri(key) },
      );
    }
    this.#last = key;
  }
}
