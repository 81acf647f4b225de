import { DataPlaneError } from "./errors.ts";

/**
 * Storage locations as text and as parts. File storage is written as a bare absolute path everywhere outside the
 * process; `file:///x` is understood and never written. Keys are taken as they are: only `%`, `?` and `#` are
 * percent-encoded in a URI, so that what one side writes the other reads back as the same key.
 */

export type StorageScheme = "s3" | "gs" | "abfs" | "abfss" | "file" | "mem";

export interface StorageUri {
  readonly scheme: StorageScheme;
  /** Bucket or container; empty for `file`. */
  readonly bucket: string;
  /** No slash at either end, no `.` or `..` segment; for `file` the absolute path without its leading slash. */
  readonly key: string;
  /** Azure only: the account's host, where the URI names one (`abfs://container@host/key`). */
  readonly account?: string;
}

export interface ParseStorageUriOptions {
  /** Takes `?` and `#` as characters of the key, for URIs whose writers never encode; otherwise they are refused. */
  readonly queryIsKey?: boolean;
}

/**
 * Reads a storage URI or a bare absolute path. Slashes at both ends of the key are dropped, percent-escapes decoded
 * (in bare paths `%`, `?` and `#` are ordinary characters), user-info dropped. Throws `invalid_argument`, naming the
 * place, for unknown schemes, relative paths, dot segments, backslashes, control characters, bad escapes, a query or
 * a fragment.
 */
export function parseStorageUri(text: string, options: ParseStorageUriOptions = {}): StorageUri {
  if (text.startsWith("/")) return fileUri(text, text);
  const colon = text.indexOf("://");
  if (colon < 0) throw refuse(text, "it is neither an absolute path nor a URI");
  const scheme = text.slice(0, colon).toLowerCase();
  if (!isScheme(scheme)) throw refuse(text, `scheme "${printable(scheme)}" is not a storage scheme`);
  const rest = text.slice(colon + 3);
  const mark = rest.search(/[?#]/);
  if (mark >= 0 && options.queryIsKey !== true) {
    throw refuse(
      text,
      `a ${rest[mark] === "?" ? "query" : "fragment"} at offset ${colon + 3 + mark} has no place in a storage URI`,
    );
  }
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const path = decodePercent(text, slash < 0 ? "" : rest.slice(slash));
  if (scheme === "file") {
    if (authority !== "") throw refuse(text, `file URIs name no host, this one names "${printable(authority)}"`);
    if (path === "") throw refuse(text, "the path is missing");
    return fileUri(text, path);
  }
  return { scheme, ...parseAuthority(text, scheme, authority), key: checkKey(text, trimSlashes(path)) };
}

/** Prints the one spelling that every part writes: a bare absolute path for `file`, else `<scheme>://<bucket>/<key>`. */
export function formatStorageUri(uri: StorageUri): string {
  if (uri.scheme === "file") return `/${uri.key}`;
  const authority = uri.account === undefined ? uri.bucket : `${uri.bucket}@${uri.account}`;
  const key = uri.key.replace(/[%?#]/g, (mark) => encodeURIComponent(mark));
  return key === "" ? `${uri.scheme}://${authority}` : `${uri.scheme}://${authority}/${key}`;
}

/**
 * Appends names to a location and prints the result. A segment is plain text, never percent-encoded; it may hold
 * inner slashes, and slashes at its ends are ignored. Throws `invalid_argument` for an empty segment, or one that
 * would leave the base.
 */
export function joinUri(base: string, ...segments: readonly string[]): string {
  const uri = parseStorageUri(base);
  const names = segments.map((segment) => {
    const name = trimSlashes(segment);
    if (name === "") throw refuse(base, "a segment to append is empty");
    if (name.includes("//")) throw refuse(base, `segment "${printable(segment)}" to append has an empty part`);
    return checkKey(segment, name);
  });
  return formatStorageUri({ ...uri, key: [uri.key, ...names].filter((part) => part !== "").join("/") });
}

const schemes: ReadonlySet<string> = new Set<StorageScheme>(["s3", "gs", "abfs", "abfss", "file", "mem"]);

function isScheme(text: string): text is StorageScheme {
  return schemes.has(text);
}

/** One file has one key: repeated slashes, which the file system ignores, are folded. */
function fileUri(text: string, path: string): StorageUri {
  return { scheme: "file", bucket: "", key: checkKey(text, trimSlashes(path.replace(/\/+/g, "/"))) };
}

function parseAuthority(
  text: string,
  scheme: StorageScheme,
  authority: string,
): Pick<StorageUri, "bucket" | "account"> {
  const at = authority.lastIndexOf("@");
  const azure = scheme === "abfs" || scheme === "abfss";
  if (azure && at >= 0) {
    const account = authority.slice(at + 1);
    return { bucket: checkBucket(text, authority.slice(0, at)), account: checkBucket(text, account) };
  }
  return { bucket: checkBucket(text, authority.slice(at + 1)) };
}

function checkBucket(text: string, bucket: string): string {
  if (bucket === "") throw refuse(text, "the bucket is missing");
  if (!/^[A-Za-z0-9$_][A-Za-z0-9$_.-]*$/.test(bucket))
    throw refuse(text, `"${printable(bucket)}" is not a bucket name`);
  return bucket;
}

function checkKey(text: string, key: string): string {
  if (/\p{Cc}/u.test(key)) throw refuse(text, "it holds a control character");
  if (key.includes("\\")) throw refuse(text, "it holds a backslash");
  if (/\p{Surrogate}/u.test(key)) throw refuse(text, "it is not valid Unicode");
  const dots = key.split("/").find((segment) => segment === "." || segment === "..");
  if (dots !== undefined) throw refuse(text, `segment "${dots}" is not allowed`);
  return key;
}

function decodePercent(text: string, path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw refuse(text, "a percent-escape is malformed or is not UTF-8", cause);
  }
}

function trimSlashes(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === "/") start += 1;
  while (end > start && text[end - 1] === "/") end -= 1;
  return text.slice(start, end);
}

function refuse(text: string, what: string, cause?: unknown): DataPlaneError {
  const ref = printable(text.replace(/[?#].*$/s, "").replace(/^([a-z0-9+.-]*:\/\/)[^/]*@/i, "$1"));
  return new DataPlaneError("invalid_argument", `storage URI "${ref}": ${what}`, { ref, cause });
}

/** Text that may stand in a message: short, one line, no control characters. */
function printable(text: string): string {
  const clean = text.replace(
    /[\p{Cc}\p{Surrogate}"\\]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}
