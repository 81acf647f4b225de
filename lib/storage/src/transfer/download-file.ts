import path from "node:path";
import type { Bucket } from "../bucket.ts";
import type { ObjectInfo } from "../driver.ts";
import { createContext } from "./context.ts";
import { fetchObject } from "./fetch-object.ts";
import { Folders } from "./folders.ts";
import type { DownloadOptions } from "./options.ts";
import { withName } from "./with-name.ts";

/**
 * Brings an object into `file`, whose folders are made; a file there is replaced. The file appears complete and compared
 * with what the store knows of it, or not at all. A large object comes in ranges, several at once, all of one version.
 * Rejects as `Driver.get` does: `aborted` if the object was replaced on the way, `data_loss` if its bytes are not those
 * that were stored; also with `resource_exhausted` for a full disk, before the first byte where that can be foreseen.
 */
export async function downloadFile(
  bucket: Bucket,
  key: string,
  file: string,
  options: DownloadOptions,
): Promise<ObjectInfo> {
  const context = createContext(bucket, options);
  await new Folders(context.disk).make(path.dirname(file));
  const signal = options.signal ?? new AbortController().signal;
  const info = await withName("get", bucket.uri(key), () => fetchObject(context, key, file, undefined, signal));
  context.meter.end();
  return info;
}
