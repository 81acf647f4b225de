import type { PutOptions } from "../driver.ts";
import type { UploadOptions } from "./options.ts";

/** What of an upload's options concerns the stored object. */
export function putOptions(options: UploadOptions, signal: AbortSignal, length?: number): PutOptions {
  const { contentType, metadata, ifAbsent } = options;
  return {
    signal,
    ...(length !== undefined && { length }),
    ...(contentType !== undefined && { contentType }),
    ...(metadata !== undefined && { metadata }),
    ...(ifAbsent !== undefined && { ifAbsent }),
  };
}
