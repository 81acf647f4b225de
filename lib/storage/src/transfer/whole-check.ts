import { createHash } from "node:crypto";
import { DataPlaneError } from "@flyte-dataplane/core";
import { type BodyCheck, bodyCheck, bodyCheckAtOnce } from "../crc.ts";
import type { ObjectInfo } from "../driver.ts";
import type { TransferContext } from "./context.ts";
import { corrupt, otherMd5 } from "./into-file.ts";
import type { DownloadOptions } from "./options.ts";

type Context = TransferContext<DownloadOptions>;

export interface WholeCheck {
  /** Undefined where nobody wants to see the chunks, which is the cheapest. */
  readonly onChunk: ((chunk: Uint8Array) => void) | undefined;
  /** After the last chunk; throws `data_loss`. */
  readonly end: () => void;
}

/** Compares a body that comes in one stretch with what the store knows of it, and counts it for the progress. */
export async function wholeCheck(context: Context, key: string, info: ObjectInfo): Promise<WholeCheck> {
  return checkBy(info.checksums === undefined ? undefined : await bodyCheck(info.checksums), context, key, info);
}

/** As `wholeCheck`; undefined where that has yet to load something. */
export function wholeCheckAtOnce(context: Context, key: string, info: ObjectInfo): WholeCheck | undefined {
  const crc = bodyCheckAtOnce(info.checksums);
  return crc === "unloaded" ? undefined : checkBy(crc, context, key, info);
}

function checkBy(crc: BodyCheck | undefined, context: Context, key: string, info: ObjectInfo): WholeCheck {
  const { meter, options } = context;
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
