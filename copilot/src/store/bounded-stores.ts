import { DataPlaneError, formatStorageUri, type StorageUri } from "@flyte-dataplane/core";
import type { Stores } from "@flyte-dataplane/storage";
import type { PrimaryStore } from "./primary-store.ts";

/**
 * `stores`, of which only that may be used what the settings allow: the bucket or folder of the task's data, and S3 where
 * that is another store. Anything else rejects with `failed_precondition`. Files of this container, its credentials among
 * them, are no inputs of a task whose data lie elsewhere, whatever location its inputs name.
 */
export function boundedStores(stores: Stores, primary: PrimaryStore): Stores {
  return {
    ...stores,
    bucket: async (uri) => {
      const fault = faultOf(uri, primary);
      if (fault === undefined) return await stores.bucket(uri);
      const ref = formatStorageUri(uri);
      throw new DataPlaneError("failed_precondition", `open ${ref}: ${fault}`, { ref });
    },
  };
}

function faultOf({ scheme, bucket, key }: StorageUri, primary: PrimaryStore): string | undefined {
  if (scheme === "s3" && primary.scheme === "s3") {
    if (primary.bucket === undefined || primary.bucket === bucket) return undefined;
    return `the task's data are in "${primary.bucket}", and storage.enable-multicontainer allows no other bucket`;
  }
  if (scheme === "file" && primary.scheme === "file") {
    return isBelow(`/${key}`, primary.folder)
      ? undefined
      : `it lies outside "${primary.folder}", where the task's data are`;
  }
  if (scheme !== "file" || primary.scheme === "any") return undefined;
  return `the task's data are in a store of the scheme "${primary.scheme}", not in files`;
}

function isBelow(file: string, folder: string): boolean {
  return folder === "/" || file === folder || file.startsWith(`${folder}/`);
}
