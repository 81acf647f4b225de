import { DataPlaneError } from "@flyte-dataplane/core";
import type { FileTarget, ReadResult } from "../driver.ts";
import type { TransferContext } from "./context.ts";
import type { DownloadOptions } from "./options.ts";

type Context = TransferContext<DownloadOptions>;

/** The driver's own way into a file, where it has one. */
export function intoFile({ disk }: Context, read: ReadResult, target: FileTarget): Promise<number> {
  return read.toFile === undefined ? disk.write(read.body, target) : read.toFile(target);
}

export function otherMd5(context: Context, key: string): DataPlaneError {
  return corrupt(context, key, "the MD5 of the body is not the one that the store keeps");
}

export function corrupt({ bucket }: Context, key: string, why: string): DataPlaneError {
  const ref = bucket.uri(key);
  return new DataPlaneError("data_loss", `get ${ref}: ${why}`, { ref });
}
