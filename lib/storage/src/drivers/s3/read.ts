import { DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../../abortable.ts";
import { bodyCheck } from "../../crc.ts";
import type { CallOptions, GetOptions, ObjectInfo, ReadResult } from "../../driver.ts";
import { StoreAnswer } from "../../store-answer.ts";
import type { WireResponse } from "../../wire/exchange.ts";
import { receive } from "../../wire-body.ts";
import { objectInfo, quotedEtag } from "./object-info.ts";
import { ObjectTaker } from "./object-taker.ts";
import type { S3Requests } from "./requests.ts";

/** Without it a store keeps the checksums to itself. */
const tellChecksums = Object.freeze({ "x-amz-checksum-mode": "ENABLED" });

interface HeadOptions extends CallOptions {
  readonly ifMatch?: string | undefined;
}

export async function headObject(requests: S3Requests, key: string, options: HeadOptions): Promise<ObjectInfo> {
  const { signal, ifMatch } = options;
  const headers = { ...tellChecksums, ...(ifMatch !== undefined && { "if-match": quotedEtag(ifMatch) }) };
  const head = (): Promise<WireResponse> => requests.send({ method: "HEAD", key, headers, signal });
  let response: WireResponse;
  try {
    response = await head();
  } catch (error) {
    if (!isUnexplained(error)) throw error;
    // An answer to HEAD holds no words: one byte asked for by GET tells why, and may teach us the region.
    const probe = await requests.send({ method: "GET", key, headers: { range: "bytes=0-0" }, signal, accept: 416 });
    await probe.discard();
    response = await head();
  }
  await response.discard();
  const size = decimal(response.headers.get("content-length"));
  if (size === undefined) throw notS3("the answer tells no length");
  return checkVersion(objectInfo(key, size, response.headers), ifMatch);
}

/** Opens the object at its range, or without a body at all where the range holds no byte. */
export async function getObject(requests: S3Requests, key: string, options: GetOptions): Promise<ReadResult> {
  const { range, ifMatch, signal, sink } = options;
  if (range?.length === 0) return nothing(await headObject(requests, key, options), signal);
  const ranged = range !== undefined && (range.offset > 0 || range.length !== undefined);
  if (!ranged && ifMatch === undefined && sink !== undefined) {
    const taker = new ObjectTaker(key, sink);
    // With the fields of a request for a page, in their order: code compiled for the one is then good for the other.
    const response = await requests.send({
      method: "GET",
      key,
      query: undefined,
      headers: tellChecksums,
      signal,
      taker,
    });
    const taken = response.taken === true ? taker.result() : undefined;
    return taken ?? (await judged(key, response, undefined, options, requests));
  }
  const headers = {
    ...tellChecksums,
    ...(ranged && { range: rangeHeader(range) }),
    ...(ifMatch !== undefined && { "if-match": quotedEtag(ifMatch) }),
  };
  const response = await requests.send({ method: "GET", key, headers, signal, ...(ranged && { accept: 416 }) });
  return await judged(key, response, ranged ? range : undefined, options, requests);
}

async function judged(
  key: string,
  response: WireResponse,
  range: GetOptions["range"],
  options: GetOptions,
  requests: S3Requests,
): Promise<ReadResult> {
  const { signal } = options;
  try {
    throwIfAborted(signal);
    if (response.status === 416) {
      await response.discard();
      return nothing(await headObject(requests, key, options), signal);
    }
    return await opened(key, response, range, options);
  } catch (error) {
    await response.discard();
    throw error;
  }
}

async function opened(
  key: string,
  response: WireResponse,
  range: GetOptions["range"],
  { ifMatch, signal, unverified }: GetOptions,
): Promise<ReadResult> {
  const { status, headers, length } = response;
  if (length === undefined) throw notS3("the answer tells no length");
  if (range === undefined || (status === 200 && length === 0)) {
    if (status !== 200) throw notS3(`the whole object came with status ${status}`);
    const info = checkVersion(objectInfo(key, length, headers), ifMatch);
    const check = unverified === true ? undefined : await bodyCheck(info.checksums);
    return { info, ...receive(response, { expected: length, check, signal }) };
  }
  const { first, last, size } = contentRange(status, headers.get("content-range"));
  const end = Math.min(range.offset + (range.length ?? size), size);
  if (first !== range.offset || last !== end - 1 || length !== last - first + 1) {
    throw notS3(`bytes ${first} to ${last} of ${size} came for a range at ${range.offset}`);
  }
  const info = checkVersion(objectInfo(key, size, headers), ifMatch);
  return { info, ...receive(response, { expected: length, check: undefined, signal }) };
}

/** A read of no bytes. */
function nothing(info: ObjectInfo, signal: AbortSignal | undefined): ReadResult {
  return { info, body: noChunks(signal), toFile: () => Promise.resolve(0) };
}

async function* noChunks(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  throwIfAborted(signal);
  yield* await Promise.resolve([]);
}

function rangeHeader({ offset, length }: NonNullable<GetOptions["range"]>): string {
  if (length === undefined) return `bytes=${offset}-`;
  return `bytes=${offset}-${Math.min(offset + length - 1, Number.MAX_SAFE_INTEGER)}`;
}

function contentRange(status: number, text: string | undefined): { first: number; last: number; size: number } {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(text ?? "");
  if (status !== 206 || match === null) throw notS3(`a range came with status ${status} and no matching Content-Range`);
  return { first: Number(match[1]), last: Number(match[2]), size: Number(match[3]) };
}

/** For stores that do not know the condition and answer with whatever is there. */
function checkVersion(info: ObjectInfo, ifMatch: string | undefined): ObjectInfo {
  if (ifMatch === undefined || info.etag === ifMatch) return info;
  throw new DataPlaneError("aborted", `the object was replaced: version "${ifMatch}" is gone`);
}

function isUnexplained(error: unknown): boolean {
  const cause = error instanceof DataPlaneError ? error.cause : undefined;
  return cause instanceof StoreAnswer && (cause.status === 400 || cause.status === 403) && cause.code === "";
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function notS3(what: string): DataPlaneError {
  return new DataPlaneError("failed_precondition", `${what}; is the endpoint an S3 API?`);
}
