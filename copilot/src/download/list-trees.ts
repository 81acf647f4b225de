import { parseStorageUri } from "@flyte-dataplane/core";
import { type Bucket, type ObjectInfo, placeOfKey, type Stores } from "@flyte-dataplane/storage";
import { concurrently } from "../concurrently.ts";
import type { VariableFaults } from "../variable-faults.ts";
import type { BlobPlace } from "./places.ts";

/** A folder of objects that may be brought: every key in it has a place. */
export interface Tree {
  readonly blob: BlobPlace;
  readonly bucket: Bucket;
  /** Of all its keys; with the slash, else "dir" would also bring what lies in "dir2". */
  readonly prefix: string;
  /** Of all its objects. */
  readonly bytes: number;
  /** Absent where they were too many to keep. */
  readonly objects?: readonly ObjectInfo[];
}

/** Objects kept from the listing to the transfer, over all trees: a few MiB. What is beyond is listed twice. */
const mostKept = 10_000;
const listings = 16;

/**
 * Lists the folders before anything is written, so that a key which would leave its folder is found in time; it becomes a
 * fault of the variable.
 */
export async function listTrees(
  blobs: readonly BlobPlace[],
  stores: Stores,
  faults: VariableFaults,
  signal: AbortSignal | undefined,
): Promise<readonly Tree[]> {
  const trees: Tree[] = [];
  let kept = 0;
  await concurrently(blobs, listings, async (blob) => {
    try {
      const location = parseStorageUri(blob.uri, { queryIsKey: true });
      const bucket = await stores.bucket(location);
      const prefix = location.key === "" ? "" : `${location.key}/`;
      const objects: ObjectInfo[] = [];
      let tooMany = false;
      let bytes = 0;
      for await (const page of bucket.pages(prefix, signal === undefined ? {} : { signal })) {
        for (const info of page) {
          placeOfKey(info.key.slice(prefix.length), info.size, () => bucket.uri(info.key));
          bytes += info.size;
          tooMany ||= kept >= mostKept;
          if (tooMany) continue;
          kept += 1;
          objects.push(info);
        }
      }
      trees.push({ blob, bucket, prefix, bytes, ...(!tooMany && { objects }) });
    } catch (error) {
      faults.add(blob.variable, error);
    }
  });
  return trees;
}
