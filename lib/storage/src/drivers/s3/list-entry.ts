import type { ObjectInfo } from "../../driver.ts";
import { plainEtag } from "./object-info.ts";
import type { XmlElement } from "./xml.ts";

/** What a listing says of an object; undefined for an entry that describes none. Its key is as it came. */
export function listedObject(entry: XmlElement): ObjectInfo | undefined {
  const found: Found = { key: undefined, size: undefined, etag: undefined, time: undefined };
  // One pass in place of a search for each: this runs for every object of a bucket.
  for (const { name, text } of entry.children) {
    if (name === "Key") found.key ??= text;
    else if (name === "Size") found.size ??= text;
    else if (name === "ETag") found.etag ??= plainEtag(text);
    else if (name === "LastModified") found.time ??= text;
  }
  return toInfo(found);
}

/** An object, and where the entry that describes it ends. */
export interface ScannedEntry {
  readonly info: ObjectInfo;
  readonly end: number;
}

const begin = "<Contents>";
const close = "</Contents>";
const lessThan = 0x3c;
const slash = 0x2f;
/** What the leaves of an entry are called, and how they begin and end: all that stores give without being asked for more. */
const leaves = ["Key", "LastModified", "ETag", "Size", "StorageClass", "ChecksumAlgorithm", "ChecksumType", "Type"].map(
  (name) => ({ name, start: `<${name}>`, end: `</${name}>` }),
);
const quotes = ['"', "&quot;", "&#34;"];

/**
 * As `listedObject`, of an entry in the plain form in which nearly all come, straight from the document: no element is made
 * of it, which takes a tenth of the time. Undefined for every other form, well-formed or not: that is the reader's to judge.
 */
export function scanEntry(document: string, at: number): ScannedEntry | undefined {
  if (!document.startsWith(begin, at)) return undefined;
  const found: Found = { key: undefined, size: undefined, etag: undefined, time: undefined };
  let from = at + begin.length;
  while (document.charCodeAt(from) === lessThan && document.charCodeAt(from + 1) !== slash) {
    const leaf = leafAt(document, from);
    if (leaf === undefined) return undefined;
    const textAt = from + leaf.start.length;
    const textEnd = document.indexOf("<", textAt);
    if (textEnd < 0 || !document.startsWith(leaf.end, textEnd)) return undefined;
    const given = document.slice(textAt, textEnd);
    const text = leaf.name === "ETag" ? withoutQuotes(given) : given;
    if (text === undefined || text.includes("&")) return undefined;
    if (leaf.name === "ETag") found.etag ??= text;
    else if (leaf.name === "Key") found.key ??= text;
    else if (leaf.name === "Size") found.size ??= text;
    else if (leaf.name === "LastModified") found.time ??= text;
    from = textEnd + leaf.end.length;
  }
  const info = document.startsWith(close, from) ? toInfo(found) : undefined;
  return info === undefined ? undefined : { info, end: from + close.length };
}

function leafAt(document: string, at: number): (typeof leaves)[number] | undefined {
  for (const leaf of leaves) if (document.startsWith(leaf.start, at)) return leaf;
  return undefined;
}

/** Undefined where there are not two quotation marks, at the ends. */
function withoutQuotes(text: string): string | undefined {
  for (const quote of quotes) {
    if (!text.startsWith(quote) || !text.endsWith(quote) || text.length < 2 * quote.length) continue;
    const plain = text.slice(quote.length, -quote.length);
    return plain.includes('"') ? undefined : plain;
  }
  return undefined;
}

/** The fields of an entry, as texts. */
interface Found {
  key: string | undefined;
  size: string | undefined;
  /** Without quotation marks. */
  etag: string | undefined;
  time: string | undefined;
}

function toInfo({ key, size, etag, time }: Found): ObjectInfo | undefined {
  if (key === undefined || size === undefined || etag === undefined || !/^\d{1,15}$/.test(size)) return undefined;
  const modified = Date.parse(time ?? "");
  if (Number.isNaN(modified)) return undefined;
  return {
    key,
    size: Number(size),
    etag,
    // Listings know the time finer than the headers of the object do: one object has one time.
    modifiedAt: Math.floor(modified / 1000) * 1000,
  };
}
