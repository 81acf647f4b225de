import { Buffer } from "node:buffer";
import { compareUtf8, DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../../abortable.ts";
import type { ListOptions, ObjectInfo } from "../../driver.ts";
import { isTreeKey } from "./keys.ts";
import { plainEtag } from "./object-info.ts";
import type { S3Requests } from "./requests.ts";
import { parseXml, textOf, type XmlElement, XmlFault } from "./xml.ts";

/** What S3 gives at most. */
const pageObjects = 1000;
/** A thousand keys of 1,024 bytes, each byte as `%XX`, and what surrounds them. */
const maxPageBytes = 8 * 1024 * 1024;
/** In a row. A store may pass over what was deleted, a thousand versions a page; one that never ends is none. */
const maxEmptyPages = 1000;

/**
 * Lists page by page. Each key must follow the one before it and begin with the prefix, no page may lead to itself, and
 * pages without an object must end some time: a store that breaks this would have us read for ever, or objects that nobody
 * asked for.
 */
export async function* listObjects(
  requests: S3Requests,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const { limit = Number.POSITIVE_INFINITY, signal } = options;
  const question = questionOf(prefix, options, requests.config.flatKeys !== false);
  if (question === undefined) return;
  let previous = question.startAfter;
  let token: string | undefined;
  let left = limit;
  let emptyPages = 0;
  while (left > 0) {
    const page = await readPage(requests, { ...question, token, limit: Math.min(left, pageObjects) }, signal);
    for (const info of page.objects) {
      throwIfAborted(signal);
      if (previous !== undefined && compareUtf8(info.key, previous) <= 0) throw broken("keys out of their order");
      if (!info.key.startsWith(question.prefix)) throw broken("a key outside the prefix");
      previous = info.key;
      if (!info.key.startsWith(prefix)) {
        if (compareUtf8(info.key, prefix) > 0) return;
        continue;
      }
      yield info;
      left -= 1;
      // A store may give more than was asked for.
      if (left <= 0) return;
    }
    if (page.next === undefined) return;
    if (page.next === token) throw broken("a page that leads to itself");
    emptyPages = page.objects.length === 0 ? emptyPages + 1 : 0;
    // Asking again would cost as many requests, for the same.
    if (emptyPages >= maxEmptyPages) {
      throw new DataPlaneError(
        "failed_precondition",
        `the store listed ${emptyPages} pages in a row without an object`,
      );
    }
    token = page.next;
  }
}

interface Question {
  readonly prefix: string;
  readonly startAfter: string | undefined;
}

/**
 * What to ask the store for. One that is a tree of folders may refuse a prefix that names none: where no key of its can
 * begin so, nothing is asked; where one can (`.` for `.d`), its folder is listed from there on.
 */
function questionOf(prefix: string, { startAfter }: ListOptions, flatKeys: boolean): Question | undefined {
  const slash = prefix.lastIndexOf("/") + 1;
  if (flatKeys || prefix === "") return { prefix, startAfter };
  if (slash > 0 && !isTreeKey(prefix.slice(0, slash - 1))) return undefined;
  const name = prefix.slice(slash);
  if (name !== "." && name !== "..") return { prefix, startAfter };
  // The last character that sorts before a dot: `.` itself would be refused here, too.
  const before = `${prefix.slice(0, -1)}-`;
  const later = startAfter !== undefined && compareUtf8(startAfter, before) > 0 ? startAfter : before;
  return { prefix: prefix.slice(0, slash), startAfter: later };
}

interface Page {
  readonly objects: readonly ObjectInfo[];
  /** Of the page that follows; absent on the last one. */
  readonly next: string | undefined;
}

async function readPage(
  requests: S3Requests,
  { prefix, startAfter, token, limit }: Question & { readonly token: string | undefined; readonly limit: number },
  signal: AbortSignal | undefined,
): Promise<Page> {
  const query = {
    "list-type": "2",
    "encoding-type": "url",
    "max-keys": limit.toString(),
    prefix,
    ...(token === undefined && startAfter !== undefined && { "start-after": startAfter }),
    ...(token !== undefined && { "continuation-token": token }),
  };
  const response = await requests.send({ method: "GET", query, signal });
  const root = parseListing(Buffer.from(await response.bytes(maxPageBytes)).toString("utf8"));
  const decode = textOf(root, "EncodingType") === "url" ? decodeKey : (key: string): string => key;
  const objects = root.children.filter(({ name }) => name === "Contents").map((entry) => listedObject(entry, decode));
  const next = textOf(root, "NextContinuationToken");
  const truncated = textOf(root, "IsTruncated") === "true";
  if (truncated && (next === undefined || next === "")) throw broken("a page without a way to the next");
  return { objects, next: truncated ? next : undefined };
}

function parseListing(text: string): XmlElement {
  try {
    const root = parseXml(text);
    if (root.name === "ListBucketResult") return root;
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    throw new DataPlaneError(
      "failed_precondition",
      `the listing is no document of S3 (${error.message}); is the endpoint an S3 API?`,
    );
  }
  throw new DataPlaneError("failed_precondition", "the listing is no document of S3; is the endpoint an S3 API?");
}

function listedObject(entry: XmlElement, decode: (key: string) => string): ObjectInfo {
  const key = textOf(entry, "Key");
  const size = textOf(entry, "Size");
  const etag = textOf(entry, "ETag");
  const modified = Date.parse(textOf(entry, "LastModified") ?? "");
  if (
    key === undefined ||
    etag === undefined ||
    size === undefined ||
    !/^\d{1,15}$/.test(size) ||
    Number.isNaN(modified)
  ) {
    throw broken("an entry that describes no object");
  }
  return {
    key: decode(key),
    size: Number(size),
    etag: plainEtag(etag),
    // Listings know the time finer than the headers of the object do: one object has one time.
    modifiedAt: Math.floor(modified / 1000) * 1000,
  };
}

/** Stores write a blank as `+`, and a plus sign always escaped. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", "%20"));
  } catch (cause) {
    throw new DataPlaneError("internal", "the store listed a key that is not UTF-8", { cause });
  }
}

function broken(what: string): DataPlaneError {
  return new DataPlaneError("internal", `the store listed ${what}`);
}
