import { DataPlaneError } from "@flyte-dataplane/core";
import type { PartLimits, PutResult, UploadedPart } from "../driver.ts";
import { atOnce } from "./at-once.ts";
import type { TransferContext } from "./context.ts";
import { blockingDisk } from "./disk.ts";
import { inParts } from "./in-parts.ts";
import { type LocalFile, readSmallFile, withLocalFile } from "./local-file.ts";
import { loopLoad } from "./loop-load.ts";
import type { UploadOptions } from "./options.ts";
import { Pace } from "./pace.ts";
import { putOptions } from "./put-options.ts";
import { SpareBlocks } from "./spare-blocks.ts";

type Context = TransferContext<UploadOptions>;

const mebibyte = 1024 * 1024;
/** Files up to this size are read before they are sent, so that a file written to meanwhile is noticed in time. */
const readFirstBytes = mebibyte;
const smallFiles = new SpareBlocks(readFirstBytes, 16);
/**
 * Parts are read before they are sent as far as there is memory: their checksum goes ahead of them, and the way from a
 * file is the most expensive one. Of the least that stores take, so that a few still fit into the processor's cache.
 */
const readPartBytes = 5 * mebibyte;
const readParts = new SpareBlocks(readPartBytes, 4);

/** Runs `use`, which stores many files: the memory for small ones stays from one to the next. */
export async function forManyFiles<T>(use: () => Promise<T>): Promise<T> {
  return await smallFiles.hold(use);
}

/** Stores one file under `key`. */
export async function sendFile(context: Context, file: string, key: string, signal: AbortSignal): Promise<PutResult> {
  const small = context.options.writes === "sync" ? await sendSmall(context, file, key, signal) : undefined;
  const result = small ?? (await withLocalFile(context.disk, file, (opened) => send(context, opened, key, signal)));
  context.meter.objectDone();
  return result;
}

/** One that is at hand within a call, as most files of trees are; undefined for one that has to take another way. */
async function sendSmall(
  context: Context,
  file: string,
  key: string,
  signal: AbortSignal,
): Promise<PutResult | undefined> {
  return await smallFiles.lend(readFirstBytes, async (block) => {
    const bytes = block === undefined ? undefined : readSmallFile(blockingDisk, file, block);
    if (bytes === undefined || bytes.byteLength > context.sizes.wholeBytes) return undefined;
    const result = await context.bucket.put(key, bytes, putOptions(context.options, signal, bytes.byteLength));
    context.meter.moved(bytes.byteLength);
    return result;
  });
}

async function send(context: Context, file: LocalFile, key: string, signal: AbortSignal): Promise<PutResult> {
  const { bucket, sizes, inPieces } = context;
  if (file.size > sizes.wholeBytes && bucket.multipart !== undefined) {
    return await inPieces.take(() => readParts.hold(() => sendParts(context, file, key, signal)));
  }
  const options = putOptions(context.options, signal, file.size);
  if (file.size <= readFirstBytes) {
    const result = await smallFiles.lend(file.size, async (block) => {
      return await bucket.put(key, await file.bytes(block), options);
    });
    context.meter.moved(file.size);
    return result;
  }
  const result = await bucket.put(key, { fd: file.fd, offset: 0, length: file.size }, options);
  context.meter.moved(file.size);
  try {
    await file.checkUnchanged();
  } catch (error) {
    // Bytes of two moments are nobody's file; what they replaced is gone either way.
    await bucket.delete(key, { signal }).catch(() => undefined);
    throw error;
  }
  return result;
}

async function sendParts(context: Context, file: LocalFile, key: string, signal: AbortSignal): Promise<PutResult> {
  const { bucket, options, sizes, clock, meter } = context;
  const { multipart } = bucket;
  if (multipart === undefined) throw new DataPlaneError("unimplemented", "the store takes no parts");
  const partBytes = partSize(file, multipart.limits, Math.min(sizes.pieceBytes, readPartBytes));
  return await inParts({ bucket, multipart, key, options, signal, size: () => file.size }, async (upload) => {
    const parts: UploadedPart[] = [];
    const pace = new Pace(clock, sizes.fewestPieces, sizes.mostPieces, loopLoad());
    await atOnce(
      () => cut(file.size, partBytes),
      { limit: () => pace.width, signal },
      async (number, stop) => {
        const offset = (number - 1) * partBytes;
        const length = Math.min(partBytes, file.size - offset);
        parts[number - 1] = await readParts.lend(length, async (block) => {
          const bytes = block?.subarray(0, length);
          if (bytes !== undefined) await file.fill(bytes, offset);
          return await multipart.putPart(upload, number, bytes ?? { fd: file.fd, offset, length }, { signal: stop });
        });
        meter.moved(length);
        pace.done(length);
      },
    );
    await file.checkUnchanged();
    return parts;
  });
}

function* cut(size: number, partBytes: number): Generator<number, void, undefined> {
  for (let number = 1; (number - 1) * partBytes < size; number++) yield number;
}

/** Whole MiB, as small as the store's limits and the number of parts allow. Throws `invalid_argument` for what is too large. */
function partSize({ path, size }: LocalFile, limits: PartLimits, wanted: number): number {
  const least = Math.max(limits.minPartBytes, Math.ceil(size / limits.maxParts));
  if (least > limits.maxPartBytes) {
    throw new DataPlaneError(
      "invalid_argument",
      `read ${path}: the file has ${size} bytes, more than ${limits.maxParts} parts of ${limits.maxPartBytes} hold`,
      { origin: "user", ref: path },
    );
  }
  if (least <= wanted) return Math.min(wanted, limits.maxPartBytes);
  return Math.min(limits.maxPartBytes, Math.ceil(least / mebibyte) * mebibyte);
}
