import type { FieldName } from "./field-names.ts";
import { withoutBlanks } from "./fields.ts";

/** The fields of one head, whose values are cut out of its text when somebody asks for them. */
export class HeadFields implements ReadonlyMap<string, string> {
  readonly #text: string;
  readonly #lines: readonly FieldName[];
  /** Where each of the lines ends in the text, the status line first. */
  readonly #ends: readonly number[];

  constructor(text: string, lines: readonly FieldName[], ends: readonly number[]) {
    this.#text = text;
    this.#lines = lines;
    this.#ends = ends;
  }

  get size(): number {
    return [...this.keys()].length;
  }

  has(name: string): boolean {
    return this.#lineOf(name, 0) >= 0;
  }

  get(name: string): string | undefined {
    let line = this.#lineOf(name, 0);
    if (line < 0) return undefined;
    let value = this.#value(line);
    for (line = this.#lineOf(name, line + 1); line >= 0; line = this.#lineOf(name, line + 1)) {
      value += `, ${this.#value(line)}`;
    }
    return value;
  }

  /** The values of each line of that name. */
  all(name: string): readonly string[] {
    let line = this.#lineOf(name, 0);
    if (line < 0) return none;
    const values: string[] = [];
    for (; line >= 0; line = this.#lineOf(name, line + 1)) values.push(this.#value(line));
    return values;
  }

  *keys(): MapIterator<string> {
    for (let line = 0; line < this.#lines.length; line += 1) {
      const name = this.#lines[line]?.name ?? "";
      if (this.#lineOf(name, 0) === line) yield name;
    }
  }

  *values(): MapIterator<string> {
    for (const name of this.keys()) yield this.get(name) ?? "";
  }

  *entries(): MapIterator<[string, string]> {
    for (const name of this.keys()) yield [name, this.get(name) ?? ""];
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.entries();
  }

  forEach(see: (value: string, name: string, all: ReadonlyMap<string, string>) => void): void {
    for (const [name, value] of this) see(value, name, this);
  }

  /** The first line of that name from `start` on, -1 for none. */
  #lineOf(name: string, start: number): number {
    const lines = this.#lines;
    for (let line = start; line < lines.length; line += 1) if (lines[line]?.name === name) return line;
    return -1;
  }

  #value(line: number): string {
    const from = (this.#ends[line] ?? 0) + lineEndLetters + (this.#lines[line]?.start.length ?? 0);
    return withoutBlanks(this.#text, from, this.#ends[line + 1] ?? from);
  }
}

const none: readonly string[] = [];
/** CR LF. */
const lineEndLetters = 2;
