import { withoutBlanks } from "./fields.ts";

/**
 * How the lines of a head begin. A server begins those of all its answers alike, so that the names in one head are those in
 * the head before, and nothing is to be cut out or put into lower case anew.
 */
export class HeadShape {
  /** Of each line: its name as it was sent, and the colon. */
  readonly starts: readonly string[];
  /** The names in lower case, each once, in the order in which they come first. */
  readonly names: readonly string[];
  /** In which lines a name stands. */
  readonly lines: ReadonlyMap<string, readonly number[]>;

  constructor(starts: readonly string[]) {
    const lines = new Map<string, number[]>();
    for (const [index, start] of starts.entries()) {
      const name = start.slice(0, -1).toLowerCase();
      const there = lines.get(name);
      if (there === undefined) lines.set(name, [index]);
      else there.push(index);
    }
    this.starts = starts;
    this.names = [...lines.keys()];
    this.lines = lines;
  }
}

/** The fields of one head, whose values are cut out of its text when somebody asks for them. */
export class HeadFields implements ReadonlyMap<string, string> {
  readonly #shape: HeadShape;
  readonly #text: string;
  /** Where each line ends, the status line first. */
  readonly #ends: readonly number[];

  constructor(shape: HeadShape, text: string, ends: readonly number[]) {
    this.#shape = shape;
    this.#text = text;
    this.#ends = ends;
  }

  get size(): number {
    return this.#shape.names.length;
  }

  has(name: string): boolean {
    return this.#shape.lines.has(name);
  }

  get(name: string): string | undefined {
    const lines = this.#shape.lines.get(name);
    if (lines === undefined) return undefined;
    const [first] = lines;
    return lines.length === 1 && first !== undefined ? this.#value(first) : this.all(name).join(", ");
  }

  /** The values of each line of that name. */
  all(name: string): readonly string[] {
    return this.#shape.lines.get(name)?.map((line) => this.#value(line)) ?? none;
  }

  keys(): MapIterator<string> {
    return this.#shape.names.values();
  }

  *values(): MapIterator<string> {
    for (const name of this.#shape.names) yield this.get(name) ?? "";
  }

  *entries(): MapIterator<[string, string]> {
    for (const name of this.#shape.names) yield [name, this.get(name) ?? ""];
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.entries();
  }

  forEach(see: (value: string, name: string, all: ReadonlyMap<string, string>) => void): void {
    for (const [name, value] of this) see(value, name, this);
  }

  #value(line: number): string {
    const from = (this.#ends[line] ?? 0) + lineEndLetters + (this.#shape.starts[line]?.length ?? 0);
    return withoutBlanks(this.#text, from, this.#ends[line + 1] ?? from);
  }
}

const none: readonly string[] = [];
/** CR LF. */
const lineEndLetters = 2;
