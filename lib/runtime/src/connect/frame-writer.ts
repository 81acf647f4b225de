/**
 * The frames of a streamed answer. What a handler yields in one turn of the event loop goes out in one write: a write of
 * its own for each small message would cost more than the message.
 */
import type { Exchange } from "./exchange.ts";

const flushBytes = 64 * 1024;

export class FrameWriter {
  readonly #exchange: Exchange;
  readonly #sendHead: () => void;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #ended = false;
  #full = false;
  #onSpace: (() => void) | undefined;
  /** Bytes of frames that were given to it. */
  bytes = 0;

  /** `sendHead` is called before the first byte, once. */
  constructor(exchange: Exchange, sendHead: () => void) {
    this.#exchange = exchange;
    this.#sendHead = sendHead;
  }

  /** Sends the head by the end of this turn, even if no message comes for hours. */
  open(): void {
    this.#schedule();
  }

  /** True when the caller has to read before more is to be written. */
  get full(): boolean {
    return this.#full;
  }

  add(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.#waiting.push(piece);
      this.#waitingBytes += piece.byteLength;
      this.bytes += piece.byteLength;
    }
    if (this.#waitingBytes >= flushBytes) this.#flush();
    else this.#schedule();
  }

  /** Resolves when more may be written; never for a caller who left, which its call tells. */
  space(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSpace = resolve;
    });
  }

  /** What was not sent yet, for the end to carry; nothing may be added after. */
  finish(): Uint8Array | undefined {
    this.#ended = true;
    this.#head();
    return this.#take();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#ended) this.#flush();
    });
  }

  #flush(): void {
    this.#head();
    const bytes = this.#take();
    if (this.#exchange.write(bytes ?? none) || this.#full) return;
    this.#full = true;
    this.#exchange.onDrain(() => {
      this.#full = false;
      this.#onSpace?.();
    });
  }

  #head(): void {
    if (!this.#exchange.headSent) this.#sendHead();
  }

  #take(): Uint8Array | undefined {
    const [first] = this.#waiting;
    const bytes = this.#waiting.length > 1 ? Buffer.concat(this.#waiting, this.#waitingBytes) : first;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return bytes;
  }
}

const none = new Uint8Array();
