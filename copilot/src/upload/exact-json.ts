import { Buffer, isUtf8 } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";

/** JSON whose numbers keep all their digits: an integer of 64 bits has more than a JavaScript number holds. */
export type ExactJson = null | boolean | string | ExactNumber | readonly ExactJson[] | ReadonlyMap<string, ExactJson>;

export interface ExactNumber {
  /** As they were written. */
  readonly digits: string;
}

/** Levels of arrays and objects; declared types, which messages bring, have no more. */
const maxDepth = 100;

/** Reads one JSON value and nothing after it; of repeated keys the last counts. Throws `invalid_argument` (origin user). */
export function parseExactJson(content: Uint8Array): ExactJson {
  if (!isUtf8(content)) throw refuse("the bytes are not UTF-8", 0);
  const reader = new Reader(Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("utf8"));
  const value = reader.value(0);
  reader.end();
  return value;
}

export function isExactNumber(value: ExactJson): value is ExactNumber {
  return typeof value === "object" && value !== null && "digits" in value;
}

export function isExactList(value: ExactJson): value is readonly ExactJson[] {
  return Array.isArray(value);
}

const token = /[ \t\r\n]*(?:([[\]{},:"])|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)(?!\w))/y;

type Token = { readonly kind: "mark"; readonly mark: string } | { readonly kind: "value"; readonly value: ExactJson };

class Reader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): ExactJson {
    if (depth > maxDepth) throw this.#refuse(`it is nested deeper than ${maxDepth} levels`);
    const next = this.#next();
    if (next.kind === "value") return next.value;
    if (next.mark === "[") return this.#list(depth);
    if (next.mark === "{") return this.#object(depth);
    throw this.#refuse("a value is missing");
  }

  end(): void {
    const rest = /[^ \t\r\n]/g;
    rest.lastIndex = this.#position;
    if (rest.test(this.#text)) throw this.#refuse("text follows the value");
  }

  #list(depth: number): ExactJson {
    const items: ExactJson[] = [];
    if (this.#skip("]")) return items;
    for (;;) {
      items.push(this.value(depth + 1));
      if (this.#skip("]")) return items;
      this.#expect(",");
    }
  }

  #object(depth: number): ExactJson {
    const members = new Map<string, ExactJson>();
    if (this.#skip("}")) return members;
    for (;;) {
      const key = this.#next();
      if (key.kind === "mark" || typeof key.value !== "string") throw this.#refuse("a key is missing");
      this.#expect(":");
      members.set(key.value, this.value(depth + 1));
      if (this.#skip("}")) return members;
      this.#expect(",");
    }
  }

  #next(): Token {
    token.lastIndex = this.#position;
    const [, mark, digits, word] = token.exec(this.#text) ?? [];
    if (mark === undefined && digits === undefined && word === undefined) throw this.#refuse("it is malformed");
    this.#position = token.lastIndex;
    if (mark === '"') return { kind: "value", value: this.#string() };
    if (mark !== undefined) return { kind: "mark", mark };
    if (digits !== undefined) return { kind: "value", value: { digits } };
    return { kind: "value", value: word === "null" ? null : word === "true" };
  }

  /** From behind its first quote. Not by a regular expression: those run out of stack on a text of megabytes. */
  #string(): string {
    const start = this.#position - 1;
    let end = this.#position;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === "\\" ? 2 : 1;
    this.#position = end + 1;
    let text: string;
    try {
      text = String(JSON.parse(this.#text.slice(start, end + 1)));
    } catch {
      throw this.#refuse("a string is malformed");
    }
    // An escape can write one where UTF-8 cannot: it would become another character, and two keys perhaps the same.
    if (/\p{Surrogate}/u.test(text)) throw this.#refuse("a string holds half of a surrogate pair");
    return text;
  }

  #skip(mark: string): boolean {
    const before = this.#position;
    const next = this.#next();
    if (next.kind === "mark" && next.mark === mark) return true;
    this.#position = before;
    return false;
  }

  #expect(mark: string): void {
    const next = this.#next();
    if (next.kind !== "mark" || next.mark !== mark) throw this.#refuse(`expected "${mark}"`);
  }

  #refuse(what: string): DataPlaneError {
    return refuse(what, this.#position);
  }
}

function refuse(what: string, position: number): DataPlaneError {
  return new DataPlaneError("invalid_argument", `it is no JSON: ${what}, at character ${position}`, { origin: "user" });
}
