/** A line of a log without its line end, and the offset of the byte after it. */
export interface RawLine {
  readonly text: string;
  readonly endOffset: number;
}

/** Longer lines are cut into pieces of this size, so that no line takes unbounded memory; no byte is lost. */
export const maxLineBytes = 65_536;

/** Cuts a stream of bytes into lines. Bytes that are not UTF-8 become replacement characters. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);
  #offset: number;

  /** `offset`: where in the log the first byte stands. */
  constructor(offset: number) {
    this.#offset = offset;
  }

  push(bytes: Buffer): readonly RawLine[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const lines: RawLine[] = [];
    let start = 0;
    while (start < all.length) {
      const newline = all.indexOf(newlineByte, start);
      const length = (newline === -1 ? all.length : newline) - start;
      if (length > maxLineBytes) {
        const end = characterStart(all, start + maxLineBytes);
        lines.push(this.#line(all, start, end, end));
        start = end;
      } else if (newline === -1) break;
      else {
        lines.push(this.#line(all, start, newline, newline + 1));
        start = newline + 1;
      }
    }
    this.#offset += start;
    // Copied, so that the caller may reuse its buffer.
    this.#rest = Buffer.from(all.subarray(start));
    return lines;
  }

  /** What followed the last line end, once nothing more will come. */
  end(): readonly RawLine[] {
    if (this.#rest.length === 0) return [];
    const line = this.#line(this.#rest, 0, this.#rest.length, this.#rest.length);
    this.#offset += this.#rest.length;
    this.#rest = Buffer.alloc(0);
    return [line];
  }

  #line(bytes: Buffer, start: number, end: number, next: number): RawLine {
    // A terminal's line end is CR LF.
    const textEnd = end > start && next > end && bytes[end - 1] === 0x0d ? end - 1 : end;
    return { text: bytes.toString("utf8", start, textEnd), endOffset: this.#offset + next };
  }
}

const newlineByte = 0x0a;

/** The first byte at or before `index` that starts a UTF-8 character, looking back at most as far as one reaches. */
function characterStart(bytes: Buffer, index: number): number {
  for (let back = 0; back < 4; back += 1) {
    if (((bytes[index - back] ?? 0) & 0xc0) !== 0x80) return index - back;
  }
  return index;
}
