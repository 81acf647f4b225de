import { parseStorageUri } from "@flyte-dataplane/core";
import type { ReadOptions } from "./bucket.ts";
import type { CallOptions, ObjectInfo, PutOptions, PutResult } from "./driver.ts";
import type { Stores } from "./stores.ts";

/**
 * The whole object behind a storage URI. Rejects with `not_found`, or `resource_exhausted` if it has more than
 * `maxBytes`; `invalid_argument` for what is no storage URI.
 */
export async function readObject(stores: Stores, uri: string, options: ReadOptions): Promise<Uint8Array> {
  const location = parseStorageUri(uri);
  return await (await stores.bucket(location)).read(location.key, options);
}

/** Stores `bytes` under a storage URI; see `Driver.put` for its promises. */
export async function writeObject(
  stores: Stores,
  uri: string,
  bytes: Uint8Array,
  options: Omit<PutOptions, "length"> = {},
): Promise<PutResult> {
  const location = parseStorageUri(uri);
  return await (await stores.bucket(location)).write(location.key, bytes, options);
}

/** What lies behind a storage URI, or `undefined` where nothing does. */
export async function statObject(
  stores: Stores,
  uri: string,
  options: CallOptions = {},
): Promise<ObjectInfo | undefined> {
  const location = parseStorageUri(uri);
  return await (await stores.bucket(location)).find(location.key, options);
}
