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

/** What the leaves of an entry are called: all that stores give without being asked for more. */
const plain: ReadonlyMap<string, string> = new Map([
  ["Key", "([^<&]*)"],
  ["LastModified", "([^<&]*)"],
  ["Size", "([^<&]*)"],
  ["ETag", '(?:"|&quot;|&#34;)([^<&"]*)(?:"|&quot;|&#34;)'],
  ...["StorageClass", "ChecksumAlgorithm", "ChecksumType", "Type"].map((name): [string, string] => [name, "([^<&]*)"]),
]);
/** Making a pattern takes as long as reading some dozen entries. */
const maxForms = 8;

/**
 * Reads entries straight from the document, as `listedObject` does, by a pattern of the entry before: a store writes all of
 * them in one form, and an element for each takes ten times as long. What the pattern does not match is the reader's to
 * judge, well-formed or not.
 */
export class EntryScanner {
  #form = "";
  #pattern: RegExp | undefined;
  #names: readonly string[] = [];
  #forms = 0;

  /** Undefined for an entry of another form than the one that was learnt last. */
  scan(document: string, at: number): ScannedEntry | undefined {
    const pattern = this.#pattern;
    if (pattern === undefined) return undefined;
    pattern.lastIndex = at;
    const texts = pattern.exec(document);
    if (texts === null) return undefined;
    const found: Found = { key: undefined, size: undefined, etag: undefined, time: undefined };
    let group = 0;
    for (const name of this.#names) {
      group += 1;
      const text = texts[group];
      if (name === "Key") found.key ??= text;
      else if (name === "Size") found.size ??= text;
      else if (name === "ETag") found.etag ??= text;
      else if (name === "LastModified") found.time ??= text;
    }
    const info = toInfo(found);
    return info === undefined ? undefined : { info, end: pattern.lastIndex };
  }

  /** Takes the form of `entry` for that of those to come. */
  learn({ children }: XmlElement): void {
    const names = children.map(({ name }) => name);
    const form = names.join(" ");
    if (form === this.#form || this.#forms >= maxForms || !names.every((name) => plain.has(name))) return;
    const leaves = names.map((name) => `<${name}>${plain.get(name) ?? ""}</${name}>`);
    this.#form = form;
    this.#pattern = new RegExp(`<Contents>${leaves.join("")}</Contents>`, "y");
    this.#names = names;
    this.#forms += 1;
  }
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
