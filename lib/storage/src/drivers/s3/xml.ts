/**
 * Reads the documents with which S3 answers: elements, text, the five named entities and numeric ones. Attributes are
 * checked for form and dropped. A document type, CDATA, comments inside the root and processing instructions after the
 * declaration do not occur in them and are refused, as is everything that is not well-formed: half a listing must never
 * pass for a whole one.
 *
 * Measured beside fast-xml-parser 5.12: a page of 1,000 keys takes 2.8 ms of CPU against 18, the first one of a process 18
 * against 124, and loading that parser 40 more; and it takes `<a><b></a></b>`, `<a>` and `junk` for documents and expands
 * entities that a document declares.
 */

/** An element holds text or children; white space between children is dropped. */
export interface XmlElement {
  /** Without its namespace prefix. */
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** What is wrong with a document, and where; `offset` counts characters. */
export class XmlFault extends Error {
  override readonly name: string = "XmlFault";
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} at offset ${offset}`);
    this.offset = offset;
  }
}

/** Deeper than any answer of S3, and far from the stack's end. */
const maxDepth = 32;

/**
 * Keeps children of the root out of it, so that a long document is never in memory as a tree. What it saw counts only once
 * the whole document turned out to be well-formed.
 */
export interface ChildTaker {
  /** May read the child that begins at `at` by itself: answers where that ends, or undefined, and it is read as any other. */
  scan(document: string, at: number): number | undefined;
  /** Sees each child that `scan` left when it is complete; true keeps it out. */
  drop(child: XmlElement): boolean;
}

/**
 * The root element. Leading white space is allowed: S3 sends blanks while a long request is under way. Throws `XmlFault`.
 */
export function parseXml(document: string, taker?: ChildTaker): XmlElement {
  const reader = new Reader(document, taker);
  reader.prolog();
  const root = reader.element(0);
  reader.end();
  return root;
}

/** The first child of that name. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

/** The text of the first child of that name. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return childOf(element, name)?.text;
}

const declaration = /[ \t\r\n]*(?:<\?xml[ \t\r\n][^<>]*\?>)?[ \t\r\n]*/y;
const attribute = `[ \\t\\r\\n]+[A-Za-z_][\\w:.-]*[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:"[^"<]*"|'[^'<]*')`;
const startTag = new RegExp(`<(?:[A-Za-z_][\\w.-]*:)?([A-Za-z_][\\w.-]*)(?:${attribute})*[ \\t\\r\\n]*(/?)>`, "y");
const endTag = /<\/(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[ \t\r\n]*>/y;
/** An element of text alone, without attributes, prefix and entities: one look at it in place of four. */
const plainLeaf = /<([A-Za-z_][\w.-]*)>([^<&]*)<\/\1>/y;
const lessThan = 0x3c;
const plainName = /^[A-Za-z_][\w.-]*$/;
const longestPlainName = 64;
const noChildren: readonly XmlElement[] = [];
const blanks = /[ \t\r\n]*/y;

class Reader {
  readonly #document: string;
  readonly #taker: ChildTaker | undefined;
  #at = 0;

  constructor(document: string, taker: ChildTaker | undefined) {
    this.#document = document;
    this.#taker = taker;
  }

  prolog(): void {
    // A byte order mark is no character of the document.
    if (this.#document.startsWith("\uFEFF")) this.#at = 1;
    this.#take(declaration);
  }

  element(depth: number): XmlElement {
    if (depth > maxDepth) throw this.#fault("elements are nested too deep");
    const leaf = this.#take(plainLeaf);
    if (leaf !== undefined) return { name: leaf[1] ?? "", text: leaf[2] ?? "", children: noChildren };
    const plain = this.#plainStart();
    const start = plain === undefined ? this.#take(startTag) : undefined;
    const name = plain ?? start?.[1];
    if (name === undefined) throw this.#fault("no element begins");
    if (start?.[2] === "/") return { name, text: "", children: noChildren };
    let text = this.#text();
    if (this.#plainEnd(name)) return { name, text, children: noChildren };
    const children: XmlElement[] = [];
    let isParent = false;
    while (!this.#document.startsWith("</", this.#at)) {
      if (text.trim() !== "") throw this.#fault("text stands beside elements");
      const child = depth === 0 ? this.#child() : this.element(depth + 1);
      isParent = true;
      if (child !== undefined) children.push(child);
      text = this.#text();
    }
    if (isParent && text.trim() !== "") throw this.#fault("text stands beside elements");
    if (!this.#plainEnd(name) && this.#take(endTag)?.[1] !== name) throw this.#fault(`element "${name}" is not closed`);
    return { name, text: isParent ? "" : text, children };
  }

  /** Of the root; undefined for one that is kept out of it. */
  #child(): XmlElement | undefined {
    const scanned = this.#taker?.scan(this.#document, this.#at);
    if (scanned === undefined) {
      const child = this.element(1);
      return this.#taker?.drop(child) === true ? undefined : child;
    }
    this.#at = scanned;
    return undefined;
  }

  end(): void {
    this.#take(blanks);
    if (this.#at < this.#document.length) throw this.#fault("something follows the document");
  }

  /** The name of a start tag without attributes or prefix, as nearly all are. */
  #plainStart(): string | undefined {
    if (this.#document.charCodeAt(this.#at) !== lessThan) return undefined;
    const end = this.#document.indexOf(">", this.#at);
    const name = this.#document.slice(this.#at + 1, Math.min(end, this.#at + longestPlainName));
    if (end < 0 || !plainName.test(name) || end - this.#at - 1 !== name.length) return undefined;
    this.#at = end + 1;
    return name;
  }

  /** Whether the element ends here, by a tag without blanks or prefix. */
  #plainEnd(name: string): boolean {
    const tag = `</${name}>`;
    if (!this.#document.startsWith(tag, this.#at)) return false;
    this.#at += tag.length;
    return true;
  }

  /** Everything up to the next tag. */
  #text(): string {
    const next = this.#document.indexOf("<", this.#at);
    if (next < 0) throw this.#fault("the document ends inside an element");
    const raw = this.#document.slice(this.#at, next);
    const text = raw.includes("&") ? raw.replace(/&([^;&]{0,12};?)/g, (_all, body: string) => this.#entity(body)) : raw;
    this.#at = next;
    return text;
  }

  #entity(body: string): string {
    const named = entities.get(body);
    if (named !== undefined) return named;
    const hex = /^#x([0-9a-fA-F]{1,6});$/.exec(body)?.[1];
    const decimal = /^#([0-9]{1,7});$/.exec(body)?.[1];
    const point = hex === undefined ? Number.parseInt(decimal ?? "", 10) : Number.parseInt(hex, 16);
    const surrogate = point >= 0xd800 && point <= 0xdfff;
    if (Number.isNaN(point) || point === 0 || surrogate || point > 0x10ffff) throw this.#fault("an unknown entity");
    return String.fromCodePoint(point);
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#document);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #fault(message: string): XmlFault {
    return new XmlFault(message, this.#at);
  }
}

const entities: ReadonlyMap<string, string> = new Map([
  ["amp;", "&"],
  ["lt;", "<"],
  ["gt;", ">"],
  ["quot;", '"'],
  ["apos;", "'"],
]);

/** `text` as it may stand between tags. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
