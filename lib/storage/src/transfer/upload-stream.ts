import { abortable, throwIfAborted } from "../abortable.ts";
import type { Bucket } from "../bucket.ts";
import type { PutResult, UploadedPart } from "../driver.ts";
import { follow } from "../follow.ts";
import { atOnce } from "./at-once.ts";
import { createContext } from "./context.ts";
import { inParts } from "./in-parts.ts";
import type { UploadOptions } from "./options.ts";
import { PartBuffers, type StreamPart } from "./part-buffers.ts";
import { putOptions } from "./put-options.ts";
import { withName } from "./with-name.ts";

/**
 * Stores a body of unknown length under `key`. It is cut into parts in memory, of which there are `sizes.streamBytes` at
 * most whatever its length; a body of one part takes one request. With the default sizes and 10,000 parts it may have 117
 * GiB; more rejects with `invalid_argument`. Otherwise rejects as `Driver.put` does, and leaves no upload.
 */
export async function uploadStream(
  bucket: Bucket,
  key: string,
  body: AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<PutResult> {
  return await withName("put", bucket.uri(key), () => stream(bucket, key, body, options));
}

async function stream(
  bucket: Bucket,
  key: string,
  body: AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<PutResult> {
  const { meter, sizes } = createContext(bucket, options);
  const { multipart } = bucket;
  const signal = options.signal ?? new AbortController().signal;
  if (multipart === undefined) {
    const result = await bucket.put(key, body, putOptions(options, signal));
    meter.end();
    return result;
  }
  // A body that stays silent must not hold up the news of a part that failed.
  const ending = follow(signal);
  const buffers = new PartBuffers(abortable(body, ending.signal), sizes.streamBytes, multipart.limits);
  try {
    throwIfAborted(signal);
    const first = await buffers.next();
    if (first.isLast) return await bucket.put(key, first.bytes, putOptions(options, signal));
    const job = { bucket, multipart, key, options, signal, size: () => buffers.taken };
    return await inParts(job, async (upload) => {
      const parts: UploadedPart[] = [];
      const rest = (stop: AbortSignal): AsyncIterable<StreamPart> => {
        stop.addEventListener("abort", () => ending.controller.abort(), { once: true });
        return buffers.all(first);
      };
      await atOnce(rest, { limit: () => buffers.most, signal }, async (part: StreamPart, stop) => {
        parts[part.number - 1] = await multipart.putPart(upload, part.number, part.bytes, { signal: stop });
        meter.moved(part.bytes.byteLength);
        buffers.release(part);
      });
      return parts;
    });
  } finally {
    ending.release();
    buffers.stop();
    meter.end();
  }
}
