import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Checksums, ObjectInfo } from "../../driver.ts";
import { httpDate } from "../../store-answer.ts";
import { metadataOf } from "./metadata.ts";

/** Describes the object of which `headers` are; `size` is that of the whole. Rejects answers that are not S3's. */
export function objectInfo(key: string, size: number, headers: ReadonlyMap<string, string>): ObjectInfo {
  const etag = headers.get("etag");
  const modifiedAt = httpDate(headers.get("last-modified"));
  if (etag === undefined || modifiedAt === undefined) {
    throw new DataPlaneError("failed_precondition", "the answer tells no version; is the endpoint an S3 API?");
  }
  const plain = plainEtag(etag);
  const contentMd5 = isEncrypted(headers) ? undefined : md5OfEtag(plain);
  const checksums = checksumsOf(headers);
  const contentType = headers.get("content-type");
  const metadata = metadataOf(headers);
  const info: { -readonly [Field in keyof ObjectInfo]: ObjectInfo[Field] } = { key, size, etag: plain, modifiedAt };
  if (contentMd5 !== undefined) info.contentMd5 = contentMd5;
  if (checksums !== undefined) info.checksums = checksums;
  if (contentType !== undefined) info.contentType = contentType;
  if (metadata !== undefined) info.metadata = metadata;
  return info;
}

/**
 * Without the quotation marks, which some stores leave out in listings, and without the mark of a weak one: stores have
 * none, but gateways before them that could pack a body put it there, and no condition with it is ever met.
 */
export function plainEtag(etag: string): string {
  return etag.replace(/^(?:W\/)?"|"$/g, "");
}

export function quotedEtag(etag: string): string {
  return `"${etag}"`;
}

/** Of an object stored in one piece; that of parts has a dash and their number behind it. */
function md5OfEtag(etag: string): Uint8Array | undefined {
  return etag.length === 32 && /^[0-9a-f]{32}$/.test(etag) ? new Uint8Array(Buffer.from(etag, "hex")) : undefined;
}

/** With keys of the key service or of the customer an ETag looks like an MD5 and is none. */
function isEncrypted(headers: ReadonlyMap<string, string>): boolean {
  return (
    headers.get("x-amz-server-side-encryption")?.startsWith("aws:kms") === true ||
    headers.has("x-amz-server-side-encryption-customer-algorithm")
  );
}

function checksumsOf(headers: ReadonlyMap<string, string>): Checksums | undefined {
  // The checksum of the parts' checksums says nothing about the bytes of the whole.
  if (headers.get("x-amz-checksum-type") === "COMPOSITE") return undefined;
  const crc32 = fourBytes(headers.get("x-amz-checksum-crc32"));
  const crc32c = fourBytes(headers.get("x-amz-checksum-crc32c"));
  if (crc32 === undefined && crc32c === undefined) return undefined;
  return { ...(crc32 !== undefined && { crc32 }), ...(crc32c !== undefined && { crc32c }) };
}

function fourBytes(text: string | undefined): Uint8Array | undefined {
  // Six characters and padding; a checksum of checksums would have a dash and a number behind it.
  if (text === undefined || !/^[A-Za-z0-9+/]{6}==$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, "base64"));
}
