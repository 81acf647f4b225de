import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { DataPlaneError } from "@flyte-dataplane/core";
import { crc32Of, crcBytes, loadCrc32c } from "../../crc.ts";
import type { FileSlice, PutOptions, PutResult } from "../../driver.ts";
import { chunksOf, lengthOf } from "../../source.ts";
import { StoreAnswer } from "../../store-answer.ts";
import type { S3Config } from "./config.ts";
import { metadataHeaders } from "./metadata.ts";
import { plainEtag } from "./object-info.ts";
import type { S3Requests } from "./requests.ts";

/** Bytes that one request may store; larger bodies go in parts. */
export const maxPutBytes: number = 5 * 1024 ** 3;

/** Stores a body that can be read again with one request. Its length is that of `body`, whatever `options` says. */
export async function putWhole(
  requests: S3Requests,
  key: string,
  body: Uint8Array | FileSlice,
  options: PutOptions,
): Promise<PutResult> {
  const { contentMd5, ifAbsent, signal } = options;
  const headers = objectHeaders(requests.config, options);
  await addChecksum(headers, requests.config, body);
  if (contentMd5 !== undefined) headers["content-md5"] = Buffer.from(contentMd5).toString("base64");
  if (ifAbsent === true) headers["if-none-match"] = "*";
  try {
    const response = await requests.send({ method: "PUT", key, headers, body, signal });
    await response.discard();
    const etag = response.headers.get("etag");
    if (etag === undefined) {
      throw new DataPlaneError("failed_precondition", "the answer tells no version; is the endpoint an S3 API?");
    }
    return { etag: plainEtag(etag), size: lengthOf(body) ?? 0 };
  } catch (error) {
    throw ifAbsent === true ? takenError(error) : error;
  }
}

/** What a condition that was not met means for a write with `ifAbsent`. */
export function takenError(error: unknown): unknown {
  const cause = error instanceof DataPlaneError ? error.cause : undefined;
  if (!(cause instanceof StoreAnswer) || (cause.status !== 412 && cause.code !== "PreconditionFailed")) return error;
  return new DataPlaneError("already_exists", "the key is taken", { cause });
}

/** Headers that describe a new object, of one request or of an upload in parts. */
export function objectHeaders(
  config: S3Config,
  { contentType, metadata }: Pick<PutOptions, "contentType" | "metadata">,
): Record<string, string> {
  const headers: Record<string, string> = metadata === undefined ? {} : metadataHeaders(metadata);
  if (contentType !== undefined) headers["content-type"] = contentType;
  return config.encryption === undefined ? headers : { ...headers, ...encryptionHeaders(config) };
}

export function encryptionHeaders({ encryption }: S3Config): Record<string, string> {
  if (encryption === undefined) return {};
  const name = "x-amz-server-side-encryption";
  const keyId = encryption.kind === "aws:kms" ? encryption.keyId : undefined;
  return { [name]: encryption.kind, ...(keyId !== undefined && { [`${name}-aws-kms-key-id`]: keyId }) };
}

/** The checksum of `body` as the store is to verify and keep it. Reads a file once more, from the page cache as a rule. */
export async function checksumHeaders(config: S3Config, body: Uint8Array | FileSlice): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  await addChecksum(headers, config, body);
  return headers;
}

async function addChecksum(
  headers: Record<string, string>,
  { checksum = "crc32" }: S3Config,
  body: Uint8Array | FileSlice,
): Promise<void> {
  if (checksum === "none") return;
  // What most uploads have costs no wait.
  const atHand = checksum === "crc32" && body instanceof Uint8Array;
  const value = atHand ? crcBytes(crc32Of(body)) : await checksumOf(checksum, body);
  headers[`x-amz-checksum-${checksum}`] = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString(
    "base64",
  );
  headers["x-amz-sdk-checksum-algorithm"] = checksum.toUpperCase();
}

async function checksumOf(algorithm: "crc32" | "crc32c" | "sha256", body: Uint8Array | FileSlice): Promise<Uint8Array> {
  if (algorithm === "sha256") return await sha256(body);
  const next = algorithm === "crc32" ? crc32Of : await loadCrc32c();
  if (body instanceof Uint8Array) return crcBytes(next(body));
  let value = 0;
  for await (const chunk of chunksOf(body)) value = next(chunk, value);
  return crcBytes(value);
}

async function sha256(body: Uint8Array | FileSlice): Promise<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(body)) hash.update(chunk);
  return hash.digest();
}
