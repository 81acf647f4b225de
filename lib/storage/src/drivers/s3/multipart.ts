import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import type {
  CallOptions,
  Checksums,
  CompleteOptions,
  CreateUploadOptions,
  FileSlice,
  Multipart,
  PartLimits,
  PutResult,
  Upload,
  UploadedPart,
} from "../../driver.ts";
import { lengthOf } from "../../source.ts";
import { StoreAnswer } from "../../store-answer.ts";
import type { WireResponse } from "../../wire/exchange.ts";
import type { S3Config } from "./config.ts";
import { s3Error } from "./errors.ts";
import { plainEtag, quotedEtag } from "./object-info.ts";
import { checksumHeaders, maxPutBytes, objectHeaders, takenError } from "./put.ts";
import { headObject } from "./read.ts";
import { refusalOf } from "./refusal.ts";
import type { S3Requests } from "./requests.ts";
import { escapeXml, parseXml, textOf, type XmlElement } from "./xml.ts";

const limits: PartLimits = { minPartBytes: 5 * 1024 ** 2, maxPartBytes: maxPutBytes, maxParts: 10_000 };
const maxAnswerBytes = 256 * 1024;

/** Uploads in parts. The object gets one checksum of the whole where the algorithm allows the store to join the parts'. */
export function s3Multipart(requests: S3Requests): Multipart {
  return {
    limits,
    create: async (key: string, options: CreateUploadOptions = {}) => await createUpload(requests, key, options),
    putPart: async (upload: Upload, number: number, body: Uint8Array | FileSlice, options: CallOptions = {}) =>
      await putPart(requests, upload, number, body, options),
    complete: async (upload: Upload, parts: readonly UploadedPart[], options: CompleteOptions = {}) =>
      await completeUpload(requests, upload, parts, options),
    abort: async (upload: Upload, options: CallOptions = {}) => await abortUpload(requests, upload, options),
  };
}

async function createUpload(requests: S3Requests, key: string, options: CreateUploadOptions): Promise<Upload> {
  const headers = { ...objectHeaders(requests.config, options), ...uploadChecksumHeaders(requests.config) };
  const query = { uploads: "" };
  // A body, so that its length is announced: some stores wait for one otherwise.
  const body = new Uint8Array(0);
  const response = await requests.send({ method: "POST", key, query, headers, body, signal: options.signal });
  const id = textOf(await readDocument(response, requests), "UploadId");
  if (id === undefined || id === "") throw notS3();
  return { key, id };
}

async function putPart(
  requests: S3Requests,
  upload: Upload,
  number: number,
  body: Uint8Array | FileSlice,
  { signal }: CallOptions,
): Promise<UploadedPart> {
  const headers = await checksumHeaders(requests.config, body);
  const query = { partNumber: number.toString(), uploadId: upload.id };
  const response = await requests.send({ method: "PUT", key: upload.key, query, headers, body, signal });
  await response.discard();
  const etag = response.headers.get("etag");
  if (etag === undefined) throw notS3();
  const checksums = checksumsOf(headers);
  return {
    number,
    size: lengthOf(body) ?? 0,
    etag: plainEtag(etag),
    ...(checksums !== undefined && { checksums }),
  };
}

async function completeUpload(
  requests: S3Requests,
  upload: Upload,
  parts: readonly UploadedPart[],
  options: CompleteOptions,
): Promise<PutResult> {
  const { ifAbsent, signal } = options;
  const headers = { "content-type": "application/xml", ...(ifAbsent === true && { "if-none-match": "*" }) };
  const body = Buffer.from(completeDocument(parts));
  const query = { uploadId: upload.id };
  try {
    // The store may write the whole object anew; asked again meanwhile, it would find its parts half gone.
    const answersLate = true;
    const response = await requests.send({
      method: "POST",
      key: upload.key,
      query,
      headers,
      body,
      signal,
      answersLate,
    });
    const etag = textOf(await readDocument(response, requests), "ETag");
    if (etag === undefined) throw notS3();
    // Ceph 16 leaves it empty, until asked again.
    const callOptions = signal === undefined ? {} : { signal };
    const known = etag === "" ? (await headObject(requests, upload.key, callOptions)).etag : plainEtag(etag);
    return { etag: known, size: parts.reduce((sum, { size }) => sum + size, 0) };
  } catch (error) {
    throw ifAbsent === true ? takenError(error) : error;
  }
}

async function abortUpload(requests: S3Requests, upload: Upload, { signal }: CallOptions): Promise<void> {
  try {
    const query = { uploadId: upload.id };
    const response = await requests.send({ method: "DELETE", key: upload.key, query, signal });
    await response.discard();
  } catch (error) {
    const cause = error instanceof DataPlaneError ? error.cause : undefined;
    if (cause instanceof StoreAnswer && cause.status === 404 && cause.code !== "NoSuchBucket") return;
    throw error;
  }
}

/** The document of a success; a failure may come with status 200, since S3 begins its answer before it is done. */
async function readDocument(response: WireResponse, requests: S3Requests): Promise<XmlElement> {
  const text = Buffer.from(await response.bytes(maxAnswerBytes)).toString("utf8");
  let root: XmlElement;
  try {
    root = parseXml(text);
  } catch (cause) {
    throw notS3(cause);
  }
  if (root.name === "Error") throw s3Error(refusalOf(response, text, requests.now()));
  return root;
}

function uploadChecksumHeaders({ checksum = "crc32" }: S3Config): Record<string, string> {
  if (checksum === "none") return {};
  // A SHA of the whole cannot be had from those of its parts.
  const type = checksum === "sha256" ? "COMPOSITE" : "FULL_OBJECT";
  return { "x-amz-checksum-algorithm": checksum.toUpperCase(), "x-amz-checksum-type": type };
}

const algorithms = ["crc32", "crc32c", "sha256"] as const;

function checksumsOf(headers: Readonly<Record<string, string>>): Checksums | undefined {
  for (const algorithm of algorithms) {
    const value = headers[`x-amz-checksum-${algorithm}`];
    if (value !== undefined) return { [algorithm]: Buffer.from(value, "base64") };
  }
  return undefined;
}

function completeDocument(parts: readonly UploadedPart[]): string {
  const entries = parts.map(({ number, etag, checksums }) => {
    const sums = algorithms.map((algorithm) => element(`Checksum${algorithm.toUpperCase()}`, checksums?.[algorithm]));
    return `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(quotedEtag(etag))}</ETag>${sums.join("")}</Part>`;
  });
  const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
  return `<CompleteMultipartUpload xmlns="${namespace}">${entries.join("")}</CompleteMultipartUpload>`;
}

function element(name: string, value: Uint8Array | undefined): string {
  return value === undefined ? "" : `<${name}>${Buffer.from(value).toString("base64")}</${name}>`;
}

function notS3(cause?: unknown): DataPlaneError {
  return new DataPlaneError("failed_precondition", "the answer is no document of S3; is the endpoint an S3 API?", {
    cause,
  });
}
