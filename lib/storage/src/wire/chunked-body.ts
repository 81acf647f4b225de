import { type BodyFraming, endedEarly } from "./body-framing.ts";
import { malformed } from "./failures.ts";
import { parseFields } from "./fields.ts";
import { HeadReader } from "./head-reader.ts";

/** A size line holds the size and perhaps an extension, of which no store sends more than a signature. */
const maxLineBytes = 1024;
/** Of all size lines beyond their digits: extensions must not be a way to send for ever without sending. */
const maxExtensionBytes = 64 * 1024;
const sizeLine =
  /^([0-9a-fA-F]{1,13})((?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*)$/;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** The chunked transfer coding (RFC 9112 section 7.1), strictly. Trailers are checked and dropped. */
export class ChunkedBody implements BodyFraming {
  readonly length: number | undefined = undefined;
  done = false;
  surplus = false;
  #stage: "size" | "data" | "dataEnd" | "trailers" = "size";
  #line = "";
  #extensionBytes = 0;
  /** Bytes left of the chunk, or of its line end. */
  #left = 0;
  #trailers = new HeadReader();

  decode(bytes: Uint8Array): number {
    let payload = 0;
    for (let at = 0; at < bytes.byteLength; ) {
      if (this.done) {
        this.surplus = true;
        break;
      }
      if (this.#stage === "data") {
        const taken = Math.min(this.#left, bytes.byteLength - at);
        bytes.copyWithin(payload, at, at + taken);
        payload += taken;
        at += taken;
        this.#left -= taken;
        if (this.#left === 0) this.#expectLineEnd();
      } else if (this.#stage === "trailers") {
        at += this.#readTrailers(bytes.subarray(at));
      } else {
        // The index is below the length.
        this.#readByte(bytes[at] ?? 0);
        at += 1;
      }
    }
    return payload;
  }

  end(): void {
    if (!this.done) throw endedEarly("before the last chunk");
  }

  #expectLineEnd(): void {
    this.#stage = "dataEnd";
    this.#left = 2;
  }

  #readByte(byte: number): void {
    if (this.#stage === "dataEnd") {
      if (byte !== (this.#left === 2 ? carriageReturn : lineFeed)) throw malformed("a chunk longer than its size");
      this.#left -= 1;
      if (this.#left === 0) this.#stage = "size";
    } else if (byte !== lineFeed) {
      if (this.#line.length >= maxLineBytes) throw malformed(`a chunk's size line of more than ${maxLineBytes} bytes`);
      this.#line += String.fromCharCode(byte);
    } else {
      this.#begin(this.#line);
      this.#line = "";
    }
  }

  #begin(line: string): void {
    const match = line.endsWith("\r") ? sizeLine.exec(line.slice(0, -1)) : null;
    if (match === null) throw malformed("an improper chunk size");
    this.#extensionBytes += match[2]?.length ?? 0;
    if (this.#extensionBytes > maxExtensionBytes) throw malformed("too many chunk extensions");
    this.#left = Number.parseInt(match[1] ?? "", 16);
    this.#stage = this.#left === 0 ? "trailers" : "data";
  }

  #readTrailers(bytes: Uint8Array): number {
    const taken = this.#trailers.push(bytes);
    if (this.#trailers.lines !== undefined) {
      const fields = parseFields(this.#trailers.lines);
      if (fields.has("content-length") || fields.has("transfer-encoding")) throw malformed("framing in a trailer");
      this.done = true;
    }
    return taken;
  }
}
