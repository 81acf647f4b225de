import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { DataPlaneError, formatStorageUri, parseStorageUri } from "@flyte-dataplane/core";
import {
  type CreateUploadLocationRequest,
  type CreateUploadLocationResponse,
  CreateUploadLocationResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import type { Bucket } from "@flyte-dataplane/storage";
import { linkLife } from "./expiry.ts";
import type { Admitted } from "./gate.ts";
import { checkPath, checkSegment, contentFolder, objectPath } from "./keys.ts";
import { linkEndpoint } from "./link-endpoint.ts";
import type { DataproxyParts } from "./options.ts";
import { requireProject } from "./projects.ts";
import { recordLink } from "./record-link.ts";
import { invalid } from "./refusal.ts";

const operation = "create upload location";

/**
 * Metadata under which uploaders leave the MD5 of what they sent, as base 64: spelt as clients expect it among the
 * headers of a link; stores give it back in lower case.
 */
const md5Metadata = "flyteContentMD5";

/**
 * Signs a PUT for one file. Uploads by content (no `filename_root`) lie in a folder named by their MD5; uploads by name are refused with
 * `already_exists` while other content lies there.
 */
export async function createUploadLocation(
  options: DataproxyParts,
  request: CreateUploadLocationRequest,
  caller: Admitted,
): Promise<CreateUploadLocationResponse> {
  const { config, clock, stores, base } = options;
  const { signal, requestHeader } = caller;
  const checked = check(request, config.upload.maxSize);
  const life = linkLife(operation, request.expiresIn, config.upload.maxExpiresIn);
  await requireProject(options, operation, request.project, signal);

  const uri = parseStorageUri(
    objectPath(operation, base, [
      config.upload.storagePrefix,
      request.project,
      request.domain,
      checked.folder,
      request.filename,
    ]),
  );
  const bucket = await stores.bucket(uri);
  if (request.filename !== "" && request.filenameRoot !== "")
    await refuseOtherContent(bucket, uri.key, checked.md5, signal);

  const { contentLength } = request;
  // Who announces nothing may upload as much as anybody may at once.
  options.gate.charge(caller.access, contentLength > 0n ? Number(contentLength) : mostBytes(config.upload.maxSize));
  const signed = await bucket.signPut(uri.key, {
    expiresAt: clock.now() + life,
    signal,
    ...linkEndpoint(options, uri.scheme, requestHeader),
    ...(checked.md5 !== undefined && { contentMd5: checked.md5 }),
    ...(contentLength > 0n && { contentLength: Number(contentLength) }),
    ...(checked.md5 !== undefined &&
      request.addContentMd5Metadata &&
      bucket.capabilities.metadata && { metadata: { [md5Metadata]: base64(checked.md5) } }),
  });
  options.figures.signed(uri.scheme, "put");
  options.figures.declared(Number(contentLength));
  recordLink(options.logger, caller, formatStorageUri(uri), signed.expiresAt);
  return create(CreateUploadLocationResponseSchema, {
    signedUrl: signed.url,
    nativeUrl: formatStorageUri(uri),
    expiresAt: timestampFromMs(signed.expiresAt),
    headers: signed.headers,
  });
}

interface Checked {
  /** The folder of the upload: named by the caller, or by the content. */
  readonly folder: string;
  readonly md5: Uint8Array | undefined;
}

/** @returns what an upload of unknown length may come to; where nothing bounds it, no limit has room for it */
function mostBytes(maxSize: number): number {
  return maxSize > 0 ? maxSize : Number.POSITIVE_INFINITY;
}

function check(request: CreateUploadLocationRequest, maxSize: number): Checked {
  checkSegment(operation, "project", request.project);
  checkSegment(operation, "domain", request.domain);
  if (request.filename !== "") checkPath(operation, "filename", request.filename);
  if (request.filenameRoot !== "") checkPath(operation, "filename_root", request.filenameRoot);
  const { contentMd5, contentLength } = request;
  if (contentMd5.byteLength !== 0 && contentMd5.byteLength !== 16)
    throw invalid(operation, `content_md5 has ${contentMd5.byteLength} bytes; an MD5 has 16`);
  if (contentLength < 0n) throw invalid(operation, `content_length is ${contentLength}; it must not be negative`);
  if (maxSize > 0 && contentLength > BigInt(maxSize))
    throw invalid(operation, `content_length is ${contentLength} bytes; at most ${maxSize} are allowed`);
  const md5 = contentMd5.byteLength === 16 ? contentMd5 : undefined;
  if (request.filenameRoot !== "") return { folder: request.filenameRoot, md5 };
  if (md5 === undefined) throw invalid(operation, "give content_md5, or filename_root to choose the folder by name");
  return { folder: contentFolder(md5), md5 };
}

/** Stores that keep no metadata are asked for the MD5 of the content itself. */
async function refuseOtherContent(
  bucket: Bucket,
  key: string,
  md5: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<void> {
  const existing = await bucket.find(key, { signal }).catch((error: unknown) => {
    throw new DataPlaneError(
      "internal",
      `${operation} ${bucket.uri(key)}: the store could not say whether it is there`,
      { cause: error, ref: bucket.uri(key) },
    );
  });
  if (existing === undefined) return;
  if (md5 !== undefined) {
    const stored = bucket.capabilities.metadata
      ? existing.metadata?.[md5Metadata.toLowerCase()]
      : base64(await bucket.contentMd5(key, { signal }));
    if (stored === base64(md5)) return;
  }
  throw new DataPlaneError(
    "already_exists",
    `${operation} ${bucket.uri(key)}: other content lies there; use another filename_root`,
    {
      origin: "user",
      ref: bucket.uri(key),
    },
  );
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
