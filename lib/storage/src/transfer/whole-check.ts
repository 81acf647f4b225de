import { createHash } from "node:crypto";
import { DataPlaneError } from "@flyte-dataplane/core";
import { bodyCheck } from "../crc.ts";
import type { ObjectInfo } from "../driver.ts";
import type { TransferContext } from "./context.ts";
import { corrupt, otherMd5 } from "./into-file.ts";
import type { DownloadOptions } from "./options.ts";

interface WholeCheck {
  /** Undefined where nobody wants to see the chunks, which is the cheapest. */
  readonly onChunk: ((chunk: Uint8Array) => void) | undefined;
  /** After the last chunk; throws `data_loss`. */
  readonly end: () => void;
}

/** Compares a body that comes in one stretch with what the store knows of it, and counts it for the progress. */
export async function wholeCheck(
  context: TransferContext<DownloadOptions>,
  key: string,
  info: ObjectInfo,
): Promise<WholeCheck> {
  const { meter, options } = context;
  const crc = info.checksums === undefined ? undefined : await bodyCheck(info.checksums);
  const expected = crc === undefined && options.verify === "known" ? info.contentMd5 : undefined;
  const md5 = expected === undefined ? undefined : createHash("md5");
  if (crc === undefined && md5 === undefined) return { onChunk: meter.onChunk, end: () => undefined };
  return {
    onChunk(chunk) {
      meter.onChunk?.(chunk);
      crc?.add(chunk);
      md5?.update(chunk);
    },
    end() {
      try {
        crc?.end();
      } catch (error) {
        throw error instanceof DataPlaneError ? corrupt(context, key, error.message) : error;
      }
      if (expected !== undefined && md5?.digest().equals(expected) === false) throw otherMd5(context, key);
    },
  };
}
