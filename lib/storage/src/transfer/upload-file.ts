import path from "node:path";
import type { Bucket } from "../bucket.ts";
import type { PutResult } from "../driver.ts";
import { createContext } from "./context.ts";
import type { UploadOptions } from "./options.ts";
import { sendFile } from "./send-file.ts";
import { withName } from "./with-name.ts";

/**
 * Stores a regular file under `key`; a symbolic link is refused. A large one goes in parts, several at once, and nothing
 * is visible before the last has arrived. Rejects as `Driver.put` does, and with `failed_precondition` (origin user) for
 * what is no regular file or was written to meanwhile; no upload is left then, and no object with bytes of two moments.
 */
export async function uploadFile(
  bucket: Bucket,
  file: string,
  key: string,
  options: UploadOptions,
): Promise<PutResult> {
  const context = createContext(bucket, options);
  const signal = options.signal ?? new AbortController().signal;
  const result = await withName("put", bucket.uri(key), () => sendFile(context, path.resolve(file), key, signal));
  context.meter.end();
  return result;
}
