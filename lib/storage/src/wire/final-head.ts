import { malformed } from "./failures.ts";
import { HeadReader } from "./head-reader.ts";
import { parseResponseHead, parseStatusLine, type ResponseHead } from "./response-head.ts";
import { wholeHead } from "./whole-head.ts";

/** A server may report that it is still at it, but not for ever. */
const maxInterim = 16;

/** Reads heads until the final one: those with a 1xx status only tell that there is more to come. */
export class FinalHead {
  /** Of a head that is not there in one piece. */
  #reader: HeadReader | undefined;
  #interim = 0;

  /** The final head, once it is there. */
  head: ResponseHead | undefined;
  /** The peer said `100 Continue`. */
  continued = false;

  /** Returns how many of `bytes` belong to heads: all of them until `head` is there. Throws `unavailable`. */
  push(bytes: Uint8Array): number {
    let taken = 0;
    while (taken < bytes.byteLength && this.head === undefined) {
      taken += this.#pushOne(taken === 0 ? bytes : bytes.subarray(taken));
    }
    return taken;
  }

  #pushOne(bytes: Uint8Array): number {
    const whole = this.#reader === undefined ? wholeHead(bytes) : undefined;
    if (whole !== undefined) {
      this.#finished(whole.head);
      return whole.bytes;
    }
    const reader = (this.#reader ??= new HeadReader());
    const taken = reader.push(bytes);
    const { first, lines } = reader;
    if (lines !== undefined) this.#finished(parseResponseHead(lines));
    // What speaks another protocol may never come to an empty line.
    else if (first !== undefined) parseStatusLine(first);
    return taken;
  }

  #finished(head: ResponseHead): void {
    if (head.status >= 200) {
      this.head = head;
      return;
    }
    if (head.status === 101) throw malformed("it changes to a protocol nobody asked for");
    // Two readers would differ on whether a body, or anything at all, follows it.
    const framed = head.contentLengths.length > 0 || head.transferEncodings.length > 0;
    const last = head.version === "1.0" || head.connection.has("close");
    if (framed || last) throw malformed("an interim response with a body or an end");
    this.#interim += 1;
    if (this.#interim > maxInterim) throw malformed(`more than ${maxInterim} interim responses`);
    if (head.status === 100) this.continued = true;
    this.#reader = undefined;
  }
}
