import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { GetOptions, ObjectInfo, ReadResult } from "../driver.ts";
import { follow } from "../follow.ts";
import { releaseBody } from "../read-body.ts";
import type { TransferContext } from "./context.ts";
import { fetchPieces } from "./fetch-pieces.ts";
import { FileSink } from "./file-sink.ts";
import { intoFile } from "./into-file.ts";
import type { DownloadOptions } from "./options.ts";
import { diskFull, freeBytes, writeWhole } from "./partial-file.ts";
import { wholeCheck } from "./whole-check.ts";

type Context = TransferContext<DownloadOptions>;

/**
 * Brings one object into one file, whose folder exists. `listed` is what a listing said of it, if anything did: then a
 * small object costs one request. Bytes that turn out to be others than were stored are fetched once more, then refused.
 */
export async function fetchObject(
  context: Context,
  key: string,
  file: string,
  listed: ObjectInfo | undefined,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  const large = listed !== undefined && isLarge(context, listed);
  for (let again = false; ; again = true) {
    // Small objects are many, and each function on their way costs: theirs is all here.
    const sink = large ? undefined : sinkFor(context, key, file, signal);
    try {
      let info: ObjectInfo;
      if (large) info = await fetchLarge(context, listed, file, signal);
      else if (listed === undefined) info = await fetchUnlisted(context, key, file, signal, sink);
      else {
        const read = await context.bucket.get(key, getOptions(signal, sink));
        info = read.taken === true ? read.info : await inOne(context, read, key, file, signal);
      }
      context.meter.objectDone();
      return info;
    } catch (error) {
      if (again || !(error instanceof DataPlaneError) || error.code !== "data_loss") throw error;
    } finally {
      sink?.release();
    }
  }
}

function getOptions(signal: AbortSignal, sink: FileSink | undefined): GetOptions {
  return sink === undefined ? { signal, unverified: true } : { signal, unverified: true, sink };
}

async function fetchLarge(
  context: Context,
  listed: ObjectInfo,
  file: string,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  checkLimit(context, listed);
  // A listing knows no checksums.
  return await inPieces(context, await context.bucket.head(listed.key, { signal }), file, signal);
}

async function fetchUnlisted(
  context: Context,
  key: string,
  file: string,
  signal: AbortSignal,
  sink: FileSink | undefined,
): Promise<ObjectInfo> {
  const first = follow(signal);
  try {
    const read = await context.bucket.get(key, getOptions(first.signal, sink));
    if (read.taken === true) return read.info;
    if (!isLarge(context, read.info)) return await inOne(context, read, key, file, signal);
    // Only the head was wanted. The rest of this body costs less to drop with its connection than a request for the head.
    first.controller.abort();
    checkLimit(context, read.info);
    return await inPieces(context, read.info, file, signal);
  } finally {
    first.release();
  }
}

/** Whoever must not block takes the body in a way of its own. */
function sinkFor(context: Context, key: string, file: string, signal: AbortSignal): FileSink | undefined {
  return context.options.writes === "sync" ? new FileSink(context, key, file, signal) : undefined;
}

function isLarge({ bucket, sizes }: Context, info: ObjectInfo): boolean {
  return info.size > sizes.wholeBytes && bucket.capabilities.ifMatch;
}

async function inPieces(context: Context, info: ObjectInfo, file: string, signal: AbortSignal): Promise<ObjectInfo> {
  return await context.inPieces.take(() =>
    writeWhole(context.disk, file, info.size, signal, async (fd) => {
      await enriched(context, file, info, () => fetchPieces(context, info, fd, signal));
      return info;
    }),
  );
}

async function inOne(
  context: Context,
  read: ReadResult,
  key: string,
  file: string,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  const { info } = read;
  let used = false;
  try {
    checkLimit(context, info);
    return await writeWhole(context.disk, file, info.size, signal, async (fd) => {
      used = true;
      const check = await wholeCheck(context, key, info);
      const target = { fd, position: 0, ...(check.onChunk !== undefined && { onChunk: check.onChunk }) };
      await enriched(context, file, info, () => intoFile(context, read, target));
      check.end();
      return info;
    });
  } finally {
    // An answer that nobody reads keeps its connection.
    if (!used) await releaseBody(read.body).catch(() => undefined);
  }
}

/** A disk that fills up on the way says how much is missing. */
async function enriched<T>({ disk }: Context, file: string, info: ObjectInfo, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const full = error instanceof DataPlaneError && error.code === "resource_exhausted" && isDiskFull(error);
    if (!full) throw error;
    throw diskFull(file, info.size, await freeBytes(disk, path.dirname(file)), error);
  }
}

function isDiskFull({ cause }: DataPlaneError): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOSPC";
}

function checkLimit({ bucket, options }: Context, info: ObjectInfo): void {
  const { maxBytes = Number.POSITIVE_INFINITY, limitName } = options;
  if (info.size <= maxBytes) return;
  const ref = bucket.uri(info.key);
  throw new DataPlaneError(
    "resource_exhausted",
    `get ${ref}: the object has ${info.size} bytes, more than the ${maxBytes} ${limitName === undefined ? "accepted here" : `that ${limitName} accepts`}`,
    { ref },
  );
}
