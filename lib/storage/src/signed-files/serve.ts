import { Buffer } from "node:buffer";
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import type { Bucket } from "../bucket.ts";
import { attachment } from "../content-disposition.ts";
import type { PutOptions } from "../driver.ts";
import type { Stores } from "../stores.ts";
import { parseSignedLink, type SignedLink } from "./link.ts";
import { parseRange } from "./range.ts";
import { requestBody } from "./request-body.ts";

/** One HTTP request for a path below `signedFilesPath`, free of any server's own types. */
export interface SignedFileRequest {
  /** Upper case. */
  readonly method: string;
  /** Path and query as received, still percent-encoded. Holds the secret of the link: keep it out of logs. */
  readonly url: string;
  /** Names in lower case, as node:http gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Raw bytes of the request. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborts when the caller hangs up. */
  readonly signal?: AbortSignal;
}

/** What to answer. `body` must be iterated to its end or broken out of; chunks are valid until the next one. */
export interface SignedFileResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** What went wrong, for the server's log; free of secrets. */
  readonly error?: DataPlaneError;
}

/**
 * Answers a link that the file driver signed: PUT stores the body (complete, of the length and MD5 signed and announced,
 * or not at all), GET and HEAD serve bytes, with one range. Never rejects: failures become statuses with one line of
 * text. A refused upload is answered after its body, so that the caller reads the answer, and asks for the connection to
 * be closed, since of a large body the rest was not read.
 */
export async function serveSignedFile(stores: Stores, request: SignedFileRequest): Promise<SignedFileResponse> {
  const body = requestBody(request.body);
  try {
    return await serve(stores, { ...request, body: body.chunks });
  } catch (error) {
    if (request.method === "PUT" && stores.signedFiles !== undefined) {
      await body.discardRest(stores.signedFiles.clock, request.signal);
    }
    return refusal(request, error);
  }
}

async function serve(stores: Stores, request: SignedFileRequest): Promise<SignedFileResponse> {
  const { signedFiles } = stores;
  if (signedFiles === undefined) {
    throw new DataPlaneError("not_found", "serve signed file: this server signs no links to files");
  }
  const link = parseSignedLink(signedFiles.key, request.url, signedFiles.clock.now());
  if (request.method !== link.method && !(request.method === "HEAD" && link.method === "GET")) {
    throw new DataPlaneError("permission_denied", `serve signed file: the link is for ${link.method} alone`);
  }
  const bucket = await stores.bucket({ scheme: "file", bucket: "", key: link.key });
  if (link.method === "PUT") return await receive(bucket, link, request);
  return await send(bucket, link, request);
}

async function receive(bucket: Bucket, link: SignedLink, request: SignedFileRequest): Promise<SignedFileResponse> {
  const options = putOptions(link, request);
  const { etag } = await bucket.put(link.key, request.body, options);
  return { status: 200, headers: { etag: `"${etag}"`, "content-length": "0" }, body: noBytes() };
}

/** What the body must be: what the link says, and what the request itself announces, which must not contradict it. */
function putOptions(link: SignedLink, request: SignedFileRequest): PutOptions {
  const announced = header(request, "content-length");
  const length = announced === undefined ? link.contentLength : Number(announced);
  if (link.contentLength !== undefined && length !== link.contentLength) {
    throw new DataPlaneError(
      "data_loss",
      `put: the link is for ${link.contentLength} bytes, ${announced ?? ""} are announced`,
    );
  }
  const digest = header(request, "content-md5");
  const given = digest === undefined ? undefined : Buffer.from(digest, "base64");
  if (given !== undefined && link.contentMd5 !== undefined && !given.equals(link.contentMd5)) {
    throw new DataPlaneError("data_loss", "put: Content-MD5 is not the one that the link was signed for");
  }
  const contentMd5 = link.contentMd5 ?? given;
  return {
    ...(length !== undefined && { length }),
    ...(contentMd5 !== undefined && { contentMd5 }),
    ...(header(request, "if-none-match") === "*" && { ifAbsent: true }),
    ...(request.signal !== undefined && { signal: request.signal }),
  };
}

async function send(bucket: Bucket, link: SignedLink, request: SignedFileRequest): Promise<SignedFileResponse> {
  const signal = request.signal === undefined ? {} : { signal: request.signal };
  const info = await bucket.head(link.key, signal);
  const range = parseRange(header(request, "range"), info.size);
  const headers: Record<string, string> = {
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    "content-type": "application/octet-stream",
    // A stored page must not run as a page of this server.
    "content-security-policy": "sandbox",
    "x-content-type-options": "nosniff",
    etag: `"${info.etag}"`,
    "last-modified": new Date(info.modifiedAt).toUTCString(),
    ...(link.downloadName !== undefined && { "content-disposition": attachment(link.downloadName) }),
  };
  if (range.kind === "unsatisfiable") {
    return {
      status: 416,
      headers: { ...headers, "content-range": `bytes */${info.size}`, "content-length": "0" },
      body: noBytes(),
    };
  }
  const whole = range.kind === "whole";
  const offset = whole ? 0 : range.offset;
  const length = whole ? info.size : range.length;
  headers["content-length"] = length.toString();
  if (!whole) headers["content-range"] = `bytes ${offset}-${offset + length - 1}/${info.size}`;
  const status = whole ? 200 : 206;
  if (request.method === "HEAD" || length === 0) return { status, headers, body: noBytes() };
  // The headers describe this version; another one in the meantime is an error, not a mixture.
  const { body } = await bucket.get(link.key, { range: { offset, length }, ifMatch: info.etag, ...signal });
  return { status, headers, body };
}

const statuses: Readonly<Record<ErrorCode, number>> = {
  canceled: 499,
  unknown: 500,
  invalid_argument: 400,
  deadline_exceeded: 504,
  not_found: 404,
  already_exists: 412,
  permission_denied: 403,
  resource_exhausted: 507,
  failed_precondition: 409,
  aborted: 503,
  out_of_range: 416,
  unimplemented: 501,
  internal: 500,
  unavailable: 503,
  // Bytes that are not what was signed or announced: the sender's to mend.
  data_loss: 400,
  unauthenticated: 401,
};

function refusal(request: SignedFileRequest, error: unknown): SignedFileResponse {
  const known =
    error instanceof DataPlaneError
      ? error
      : new DataPlaneError("unavailable", "serve signed file: the body broke off", { cause: error });
  const line = Buffer.from(`${known.code}: ${known.code === "internal" ? "internal error" : known.message}\n`);
  return {
    status: statuses[known.code],
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-length": line.byteLength.toString(),
      "x-content-type-options": "nosniff",
      ...(request.method === "PUT" && { connection: "close" }),
    },
    body: request.method === "HEAD" ? noBytes() : bytes(line),
    error: known,
  };
}

function header(request: SignedFileRequest, name: string): string | undefined {
  const value = request.headers[name];
  const text = typeof value === "string" ? value : value?.[0];
  return text === "" ? undefined : text;
}

async function* bytes(chunk: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield await Promise.resolve(chunk);
}

async function* noBytes(): AsyncGenerator<Uint8Array, void, undefined> {
  // Nothing to send.
}
