/** One piece of memory: thousands of small ones take many times theirs. */
export class GrowingBytes {
  #bytes = new Uint8Array(1024);
  #length = 0;

  add(more: Uint8Array): void {
    const length = this.#length + more.byteLength;
    if (length > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.byteLength));
      grown.set(this.all);
      this.#bytes = grown;
    }
    this.#bytes.set(more, this.#length);
    this.#length = length;
  }

  get all(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
