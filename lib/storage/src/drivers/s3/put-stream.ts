import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type Clock, DataPlaneError } from "@flyte-dataplane/core";
import { abortable } from "../../abortable.ts";
import type { CallOptions, Multipart, PutOptions, PutResult, Upload, UploadedPart } from "../../driver.ts";
import { removeInTime } from "../../remove-in-time.ts";
import { UploadLeft } from "../../upload-left.ts";
import { putWhole } from "./put.ts";
import type { S3Requests } from "./requests.ts";

/** What a body that ends early needs at first; the buffer grows from here to a part. */
const firstBufferBytes = 64 * 1024;
const defaultPartBytes = 8 * 1024 ** 2;
/** Parts of one size before they grow by that size: 10,000 of them hold 430 GiB, and memory never holds more than one. */
const partsPerSize = 1000;

/**
 * Stores a body that can be read only once: with one request if it ends within a part, in parts otherwise. Either way the
 * store sees nothing before the bytes are there and measured, so that a producer that fails costs no half object, and a
 * request that has to be signed anew has its body at hand.
 */
export async function putStream(
  requests: S3Requests,
  multipart: Multipart,
  key: string,
  body: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<PutResult> {
  const { conditionalWrites = "all", partBytes = defaultPartBytes } = requests.config;
  const announced = announcement(options);
  const pieces = cut(measured(abortable(body, options.signal), announced), partBytes);
  let upload: Upload | undefined;
  const parts: UploadedPart[] = [];
  try {
    for await (const { bytes, last } of pieces) {
      if (last) announced.end();
      if (last && upload === undefined) return await putWhole(requests, key, bytes, options);
      if (options.ifAbsent === true && conditionalWrites === "single") {
        throw new DataPlaneError("unimplemented", "the store heeds no condition when it joins parts");
      }
      upload ??= await multipart.create(key, options);
      const signal = options.signal === undefined ? {} : { signal: options.signal };
      if (bytes.byteLength > 0) parts.push(await multipart.putPart(upload, parts.length + 1, bytes, signal));
      if (last) return await multipart.complete(upload, parts, options);
    }
  } catch (error) {
    throw upload === undefined ? error : await removed(requests.clock, multipart, upload, error);
  }
  throw new DataPlaneError("internal", "the body had no end");
}

/** The failure to tell once the upload is removed, or could not be: nobody else knows what to remove. */
async function removed(clock: Clock, multipart: Multipart, upload: Upload, failure: unknown): Promise<unknown> {
  const remove = (options: CallOptions): Promise<void> => multipart.abort(upload, options);
  try {
    // Without the caller's signal: what was begun is to be removed after an abort, too.
    await removeInTime(clock, (signal) => remove({ signal }));
    return failure;
  } catch (error) {
    if (!(failure instanceof DataPlaneError) || !(error instanceof Error)) return failure;
    return new UploadLeft(failure, error, remove);
  }
}

interface Announcement {
  add(chunk: Uint8Array): void;
  end(): void;
}

/** Compares the bytes with the length and MD5 that were announced; throws `data_loss`. */
function announcement({ length, contentMd5 }: PutOptions): Announcement {
  const hash = contentMd5 === undefined ? undefined : createHash("md5");
  let received = 0;
  const wrong = (): DataPlaneError =>
    new DataPlaneError("data_loss", `the body has ${received} bytes or more, ${length ?? received} were announced`);
  return {
    add(chunk) {
      received += chunk.byteLength;
      if (length !== undefined && received > length) throw wrong();
      hash?.update(chunk);
    },
    end() {
      if (length !== undefined && received !== length) throw wrong();
      if (contentMd5 === undefined || hash?.digest().equals(contentMd5) !== false) return;
      throw new DataPlaneError("data_loss", "the MD5 of the body is not the one announced");
    },
  };
}

async function* measured(
  body: AsyncIterable<Uint8Array>,
  announced: Announcement,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of body) {
    announced.add(chunk);
    yield chunk;
  }
}

interface Piece {
  /** Valid until the next piece is asked for. */
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** Cuts a body into pieces of the size of a part; the last one, and it alone, may be shorter or empty. */
async function* cut(body: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Piece, void, undefined> {
  let buffer: Buffer = Buffer.allocUnsafe(Math.min(firstBufferBytes, partBytes));
  let filled = 0;
  let pieces = 0;
  for await (const chunk of body) {
    for (let taken = 0; taken < chunk.byteLength; ) {
      const size = partBytes * (1 + Math.floor(pieces / partsPerSize));
      // A piece is given away only once a byte follows it: else the body's end would make an empty one.
      if (filled === size) {
        yield { bytes: buffer.subarray(0, filled), last: false };
        filled = 0;
        pieces += 1;
        continue;
      }
      const count = Math.min(size - filled, chunk.byteLength - taken);
      buffer = withRoom(buffer, filled, filled + count, size);
      buffer.set(chunk.subarray(taken, taken + count), filled);
      filled += count;
      taken += count;
    }
  }
  yield { bytes: buffer.subarray(0, filled), last: true };
}

/** `buffer`, or a larger one with its first bytes; it doubles, so that copying costs no more than the bytes themselves. */
function withRoom(buffer: Buffer, filled: number, needed: number, size: number): Buffer {
  if (needed <= buffer.byteLength) return buffer;
  const larger = Buffer.allocUnsafe(Math.min(size, Math.max(needed, 2 * buffer.byteLength)));
  larger.set(buffer.subarray(0, filled));
  return larger;
}
