import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Driver, Multipart, ObjectInfo, PutResult, Upload, UploadedPart } from "../driver.ts";
import { isUnanswered } from "./policy.ts";
import type { Retrier } from "./retrier.ts";

/**
 * `multipart` with further attempts. Parts are bytes or slices of files, so each can be sent again. A `create` whose
 * answer was lost leaves an upload that nobody knows the name of: a life-cycle rule of the bucket removes it.
 */
export function withRetriedParts(driver: Driver, multipart: Multipart, retrier: Retrier): Multipart {
  return {
    limits: multipart.limits,
    create: (key, options) =>
      retrier.run({ operation: "create upload", key, signal: options?.signal }, () => multipart.create(key, options)),
    putPart: (upload, number, body, options) =>
      retrier.run({ operation: "put part", key: upload.key, signal: options?.signal }, () =>
        multipart.putPart(upload, number, body, options),
      ),
    complete: async (upload, parts, options) => {
      let unanswered = false;
      const complete = async (): Promise<PutResult> => {
        try {
          return await multipart.complete(upload, parts, options);
        } catch (error) {
          // An attempt that got no answer may have made the object, and the upload has ended with it.
          const gone =
            error instanceof DataPlaneError && (error.code === "not_found" || error.code === "already_exists");
          const made = gone && unanswered ? await findMade(driver, retrier, upload, parts, options?.signal) : undefined;
          if (made !== undefined) return made;
          if (error instanceof DataPlaneError && isUnanswered(error)) unanswered = true;
          throw error;
        }
      };
      return await retrier.run({ operation: "complete upload", key: upload.key, signal: options?.signal }, complete);
    },
    abort: (upload, options) =>
      retrier.run({ operation: "abort upload", key: upload.key, signal: options?.signal }, () =>
        multipart.abort(upload, options),
      ),
  };
}

/** The object, if it is the one of these parts. */
async function findMade(
  driver: Driver,
  retrier: Retrier,
  { key }: Upload,
  parts: readonly UploadedPart[],
  signal: AbortSignal | undefined,
): Promise<PutResult | undefined> {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const etag = etagOfParts(parts);
  const head = (): Promise<ObjectInfo> => driver.head(key, signal === undefined ? {} : { signal });
  const found = await retrier.run({ operation: "head", key, signal }, head).catch(() => undefined);
  if (etag === undefined || found === undefined || found.size !== size) return undefined;
  return found.etag.replaceAll('"', "") === etag ? { etag: found.etag, size } : undefined;
}

/** What S3 names an object of parts: the MD5 of the parts' MD5s. Undefined where the parts' etags are no MD5s. */
function etagOfParts(parts: readonly UploadedPart[]): string | undefined {
  const hash = createHash("md5");
  for (const part of parts) {
    const hex = part.etag.replaceAll('"', "");
    if (!/^[0-9a-f]{32}$/.test(hex)) return undefined;
    hash.update(Buffer.from(hex, "hex"));
  }
  return `${hash.digest("hex")}-${parts.length}`;
}
