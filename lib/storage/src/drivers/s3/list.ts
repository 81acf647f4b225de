import { Buffer } from "node:buffer";
import { compareUtf8, DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../../abortable.ts";
import type { ListOptions, ObjectInfo } from "../../driver.ts";
import { follow } from "../../follow.ts";
import { isTreeKey } from "./keys.ts";
import { EntryScanner, listedObject } from "./list-entry.ts";
import type { S3Requests } from "./requests.ts";
import { parseXml, textOf, type XmlElement, XmlFault } from "./xml.ts";

/** What S3 gives at most. */
const pageObjects = 1000;
/** A thousand keys of 1,024 bytes, each byte as `%XX`, and what surrounds them. */
const maxPageBytes = 8 * 1024 * 1024;
/** In a row. A store may pass over what was deleted, a thousand versions a page; one that never ends is none. */
const maxEmptyPages = 1000;

/** The objects of `listPages`, one by one. */
export async function* listObjects(
  requests: S3Requests,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<ObjectInfo, void, undefined> {
  for await (const page of listPages(requests, prefix, options)) {
    for (const info of page) {
      throwIfAborted(options.signal);
      yield info;
    }
  }
}

/**
 * Lists page by page, each with an object at least; the next one is on its way while the caller is busy with this. Each key
 * must follow the one before it and begin with the prefix, no page may lead to itself, and pages without an object must end
 * some time: a store that breaks this would have us read for ever, or objects that nobody asked for.
 */
export async function* listPages(
  requests: S3Requests,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<readonly ObjectInfo[], void, undefined> {
  const { limit = Number.POSITIVE_INFINITY, signal } = options;
  const question = questionOf(prefix, options, requests.config.flatKeys !== false);
  if (question === undefined || limit <= 0) return;
  const stop = follow(signal);
  const checked = new Order(question, prefix);
  let left = limit;
  const read = (token: string | undefined): Promise<Page> =>
    readPage(requests, { ...question, token, limit: Math.min(left, pageObjects) }, stop.signal);
  let next: Promise<Page> | undefined = read(undefined);
  let token: string | undefined;
  try {
    while (next !== undefined) {
      const page: Page = await next;
      // A store may give more than was asked for.
      const objects = checked.take(page.objects).slice(0, left);
      left -= objects.length;
      checked.follow(page, token);
      token = page.next;
      next = token === undefined || left <= 0 || checked.passed ? undefined : read(token);
      // Its failure is news when its turn comes.
      next?.catch(() => undefined);
      if (objects.length > 0) yield objects;
    }
  } finally {
    stop.controller.abort();
    stop.release();
    await next?.catch(() => undefined);
  }
}

/** Holds the pages of one listing to what a listing is. */
class Order {
  readonly #question: Question;
  readonly #prefix: string;
  #previous: string | undefined;
  #emptyPages = 0;
  /** What follows is beyond the prefix. */
  passed = false;

  constructor(question: Question, prefix: string) {
    this.#question = question;
    this.#prefix = prefix;
    this.#previous = question.startAfter;
  }

  /** Those of `objects` that were asked for. */
  take(objects: readonly ObjectInfo[]): readonly ObjectInfo[] {
    const taken: ObjectInfo[] = [];
    for (const info of objects) {
      if (this.passed) break;
      if (this.#previous !== undefined && compareUtf8(info.key, this.#previous) <= 0) {
        throw broken("keys out of their order");
      }
      if (!info.key.startsWith(this.#question.prefix)) throw broken("a key outside the prefix");
      this.#previous = info.key;
      if (info.key.startsWith(this.#prefix)) taken.push(info);
      else this.passed = compareUtf8(info.key, this.#prefix) > 0;
    }
    return taken;
  }

  /** Looks at where `page`, which came for `token`, leads. */
  follow({ objects, next }: Page, token: string | undefined): void {
    if (next === undefined) return;
    if (next === token) throw broken("a page that leads to itself");
    this.#emptyPages = objects.length === 0 ? this.#emptyPages + 1 : 0;
    // Asking again would cost as many requests, for the same.
    if (this.#emptyPages < maxEmptyPages) return;
    throw new DataPlaneError(
      "failed_precondition",
      `the store listed ${this.#emptyPages} pages in a row without an object`,
    );
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
  const response = await requests.send({
    method: "GET",
    key: undefined,
    query,
    headers: undefined,
    signal,
    taker: undefined,
  });
  const { buffer, byteOffset, byteLength } = await response.bytes(maxPageBytes);
  const { root, listed } = parseListing(Buffer.from(buffer, byteOffset, byteLength).toString("utf8"));
  const isEncoded = textOf(root, "EncodingType") === "url";
  const objects = isEncoded ? listed.map(withDecodedKey) : listed;
  const next = textOf(root, "NextContinuationToken");
  const truncated = textOf(root, "IsTruncated") === "true";
  if (truncated && (next === undefined || next === "")) throw broken("a page without a way to the next");
  return { objects, next: truncated ? next : undefined };
}

/** The document without its objects, and those, their keys as they came. */
function parseListing(text: string): { readonly root: XmlElement; readonly listed: readonly ObjectInfo[] } {
  const listed: ObjectInfo[] = [];
  const scanner = new EntryScanner();
  try {
    const root = parseXml(text, {
      scan(document, at) {
        const entry = scanner.scan(document, at);
        if (entry !== undefined) listed.push(entry.info);
        return entry?.end;
      },
      drop(child) {
        if (child.name !== "Contents") return false;
        const info = listedObject(child);
        if (info === undefined) throw broken("an entry that describes no object");
        listed.push(info);
        scanner.learn(child);
        return true;
      },
    });
    if (root.name === "ListBucketResult") return { root, listed };
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    throw new DataPlaneError(
      "failed_precondition",
      `the listing is no document of S3 (${error.message}); is the endpoint an S3 API?`,
    );
  }
  throw new DataPlaneError("failed_precondition", "the listing is no document of S3; is the endpoint an S3 API?");
}

function withDecodedKey(info: ObjectInfo): ObjectInfo {
  const key = decodeKey(info.key);
  return key === info.key ? info : { ...info, key };
}

/** Stores write a blank as `+`, and a plus sign always escaped. */
function decodeKey(key: string): string {
  try {
    return /[%+]/.test(key) ? decodeURIComponent(key.replaceAll("+", "%20")) : key;
  } catch (cause) {
    throw new DataPlaneError("internal", "the store listed a key that is not UTF-8", { cause });
  }
}

function broken(what: string): DataPlaneError {
  return new DataPlaneError("internal", `the store listed ${what}`);
}
