import { DataPlaneError } from "@flyte-dataplane/core";
import type { Bucket } from "../bucket.ts";
import type { Multipart, PutResult, Upload, UploadedPart } from "../driver.ts";
import { removeInTime } from "../remove-in-time.ts";
import type { UploadOptions } from "./options.ts";

export interface PartsJob {
  readonly bucket: Bucket;
  readonly multipart: Multipart;
  readonly key: string;
  readonly options: UploadOptions;
  readonly signal: AbortSignal;
  /** Bytes that the parts have together, once they are sent. */
  readonly size: () => number;
}

/**
 * Makes an object of the parts that `send` uploads. Where anything fails the upload is removed first; if that fails too,
 * the error says that its parts stay. `send` settles after all its requests have: a part that arrives after the removal
 * would stay.
 */
export async function inParts(
  job: PartsJob,
  send: (upload: Upload) => Promise<readonly UploadedPart[]>,
): Promise<PutResult> {
  const { multipart, key, options, signal } = job;
  const { contentType, metadata, ifAbsent } = options;
  const upload = await multipart.create(key, {
    signal,
    ...(contentType !== undefined && { contentType }),
    ...(metadata !== undefined && { metadata }),
  });
  try {
    const parts = await send(upload);
    checkGapless(parts, job.size());
    return await multipart.complete(upload, parts, { signal, ...(ifAbsent !== undefined && { ifAbsent }) });
  } catch (error) {
    throw await removed(job, upload, error);
  }
}

/** The store would make an object of whatever parts it is told of: the last look at whether that is all of them. */
function checkGapless(parts: readonly (UploadedPart | undefined)[], expected: number): void {
  let size = 0;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index];
    if (part?.number !== index + 1) throw new DataPlaneError("internal", `part ${index + 1} was not sent`);
    size += part.size;
  }
  if (size !== expected) throw new DataPlaneError("data_loss", `the parts stored have ${size} of ${expected} bytes`);
}

async function removed({ multipart, bucket, options }: PartsJob, upload: Upload, failure: unknown): Promise<unknown> {
  try {
    // Not under the transfer's own signal, which may be the reason why there is something to remove.
    await removeInTime(options.clock, (signal) => multipart.abort(upload, { signal }));
    return failure;
  } catch (error) {
    if (!(failure instanceof DataPlaneError) || !(error instanceof Error)) return failure;
    const ref = failure.ref ?? bucket.uri(upload.key);
    return new DataPlaneError(failure.code, `${failure.message}; the parts stored so far stay: ${error.message}`, {
      origin: failure.origin,
      ref,
      cause: failure.cause ?? failure,
    });
  }
}
