import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { DataPlaneError } from "@flyte-dataplane/core";

/**
 * Links to files that our own server serves: the key stands in the path, everything else in the query, and an
 * HMAC-SHA256 over the decoded values stands last. Host and port are not signed, so one link works under every name of
 * the server; the query is the secret and belongs in no log.
 */

/** Path under which the server mounts `serveSignedFile`, with a slash at the end. */
export const signedFilesPath = "/signed-files/";

/** What a link allows. */
export interface SignedLink {
  readonly method: "GET" | "PUT";
  readonly key: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** PUT: 16 bytes that the body must hash to. */
  readonly contentMd5?: Uint8Array | undefined;
  /** PUT: the length that the body must have, bytes. */
  readonly contentLength?: number | undefined;
  /** GET: file name for the browser. */
  readonly downloadName?: string | undefined;
}

export function formatSignedLink(signingKey: Uint8Array, endpoint: string, link: SignedLink): string {
  if (!Number.isSafeInteger(link.expiresAt)) {
    throw new DataPlaneError(
      "invalid_argument",
      `the moment of expiry ${link.expiresAt} is not a whole number of milliseconds`,
    );
  }
  const query = new URLSearchParams({ method: link.method, expires: link.expiresAt.toString() });
  if (link.contentMd5 !== undefined) query.set("md5", Buffer.from(link.contentMd5).toString("base64url"));
  if (link.contentLength !== undefined) query.set("length", link.contentLength.toString());
  if (link.downloadName !== undefined) query.set("name", link.downloadName);
  query.set("signature", signature(signingKey, link));
  const path = link.key.split("/").map(encodeURIComponent).join("/");
  return `${endpoint.replace(/\/+$/, "")}${signedFilesPath}${path}?${query.toString()}`;
}

/**
 * Reads a link from the path and query of a request. Throws `not_found` for another path, `permission_denied` for a link
 * that is malformed, not signed by us, or past its moment: one answer for all, so that probing teaches nothing.
 */
export function parseSignedLink(signingKey: Uint8Array, pathAndQuery: string, now: number): SignedLink {
  const mark = pathAndQuery.indexOf("?");
  const path = mark < 0 ? pathAndQuery : pathAndQuery.slice(0, mark);
  if (!path.startsWith(signedFilesPath)) throw new DataPlaneError("not_found", "serve signed file: no such path");
  const query = new URLSearchParams(mark < 0 ? "" : pathAndQuery.slice(mark + 1));
  const link = readLink(path.slice(signedFilesPath.length), query);
  if (link === undefined || !signedByUs(signingKey, link, query.get("signature") ?? "") || link.expiresAt <= now) {
    throw new DataPlaneError(
      "permission_denied",
      "serve signed file: the link is not valid or has expired; ask for a new one",
    );
  }
  return link;
}

function readLink(encodedKey: string, query: URLSearchParams): SignedLink | undefined {
  const key = decode(encodedKey);
  const method = query.get("method");
  const expiresAt = Number(query.get("expires"));
  const md5 = query.get("md5");
  const length = query.get("length");
  if (key === undefined || (method !== "GET" && method !== "PUT") || !Number.isSafeInteger(expiresAt)) return undefined;
  return {
    method,
    key,
    expiresAt,
    contentMd5: md5 === null ? undefined : Buffer.from(md5, "base64url"),
    contentLength: length === null ? undefined : Number(length),
    downloadName: query.get("name") ?? undefined,
  };
}

function decode(encodedKey: string): string | undefined {
  try {
    return decodeURIComponent(encodedKey);
  } catch {
    // Not UTF-8 or a broken escape: no link of ours.
    return undefined;
  }
}

/** The comparison takes as long for a near miss as for a far one. */
function signedByUs(signingKey: Uint8Array, link: SignedLink, given: string): boolean {
  // As text: base64url has several spellings of the same bytes.
  const expected = Buffer.from(signature(signingKey, link));
  const received = Buffer.from(given);
  return received.byteLength === expected.byteLength && timingSafeEqual(received, expected);
}

/** JSON keeps the fields apart: no two links have the same text. */
function signature(signingKey: Uint8Array, link: SignedLink): string {
  const md5 = link.contentMd5 === undefined ? null : Buffer.from(link.contentMd5).toString("base64url");
  const fields = [1, link.method, link.key, link.expiresAt, md5, link.contentLength ?? null, link.downloadName ?? null];
  return createHmac("sha256", signingKey).update(JSON.stringify(fields)).digest("base64url");
}
