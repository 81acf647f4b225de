import { Buffer } from "node:buffer";
import { malformed } from "./failures.ts";

const maxHeadBytes = 64 * 1024;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Collects the lines of a head, or of trailers, from chunks cut anywhere, up to and with the empty line that ends it.
 * Throws `unavailable` for a line feed or carriage return that stands alone, and for more than 64 KiB.
 */
export class HeadReader {
  readonly #lines: string[] = [];
  /** Of the line that is not complete. */
  #partial: Buffer[] = [];
  #bytes = 0;

  /** The complete lines, once there is an empty one; it is left out. */
  lines: readonly string[] | undefined;

  /** The first line, as soon as it is complete. */
  get first(): string | undefined {
    return this.#lines[0];
  }

  /** Returns how many of `bytes` belong to the head: all of them until `lines` is there. */
  push(bytes: Uint8Array): number {
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let from = 0; ; ) {
      const end = chunk.indexOf(lineFeed, from);
      const taken = (end < 0 ? chunk.length : end + 1) - from;
      this.#bytes += taken;
      if (this.#bytes > maxHeadBytes) throw malformed(`a head of more than ${maxHeadBytes} bytes`);
      if (end < 0) {
        // The chunk's memory is reused as soon as this returns.
        this.#partial.push(Buffer.from(chunk.subarray(from)));
        return chunk.length;
      }
      const line = this.#line(chunk.subarray(from, end));
      from = end + 1;
      if (line === "") {
        this.lines = this.#lines;
        return from;
      }
      this.#lines.push(line);
    }
  }

  #line(rest: Buffer): string {
    const whole = this.#partial.length === 0 ? rest : Buffer.concat([...this.#partial, rest]);
    this.#partial = [];
    const length = whole.length - 1;
    if (whole.indexOf(carriageReturn) !== length || length < 0) throw malformed("a line that does not end in CR LF");
    return whole.toString("latin1", 0, length);
  }
}
