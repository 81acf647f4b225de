/** What is kept for the next message; one that was larger is let go. */
const keptBytes = 64 * 1024;

/** A buffer that grows under what is written, in Protobuf's wire format. */
export class MessageSink {
  #bytes: Buffer = Buffer.allocUnsafeSlow(keptBytes);
  #at = 0;

  /** Begins anew. */
  reset(): void {
    this.#at = 0;
    this.#shrink();
  }

  /** What was written, as bytes of its own. */
  copy(): Uint8Array {
    const result = Buffer.allocUnsafe(this.#at);
    this.#bytes.copy(result, 0, 0, this.#at);
    // Not only when the next message begins: a server may be idle for hours.
    this.#shrink();
    return result;
  }

  #shrink(): void {
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafeSlow(keptBytes);
  }

  /** Begins what has its length before it; `close` is given what this returns. */
  open(): number {
    this.#room(1);
    return this.#at++;
  }

  /** Puts in the length; most fit the byte that `open` left for it, before others what follows moves. */
  close(start: number): void {
    const length = this.#at - start - 1;
    if (length > 0x7f) {
      const more = varintBytes(length) - 1;
      this.#room(more);
      this.#bytes.copyWithin(start + 1 + more, start + 1, this.#at);
      this.#at += more;
    }
    this.#putVarint(start, length);
  }

  /** `value` is an unsigned integer of 32 bits. */
  varint(value: number): void {
    this.#room(5);
    this.#at = this.#putVarint(this.#at, value);
  }

  /** A signed `value` is written as the unsigned one of the same 64 bits. */
  varint64(value: bigint): void {
    this.#room(10);
    let rest = BigInt.asUintN(64, value);
    // Numbers are several times faster, and few values need more than they hold.
    while (rest > 0xffff_ffffn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#at = this.#putVarint(this.#at, Number(rest));
  }

  double(value: number): void {
    this.#room(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  float(value: number): void {
    this.#room(4);
    this.#at = this.#bytes.writeFloatLE(value, this.#at);
  }

  /** With its length before it. */
  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.#room(length);
    this.#at += this.#bytes.write(value, this.#at, length, "utf8");
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.byteLength);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  #putVarint(at: number, value: number): number {
    let place = at;
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[place++] = (rest & 0x7f) | 0x80;
    this.#bytes[place++] = rest;
    return place;
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) bytes += 1;
  return bytes;
}
