/** Below this a read is not worth its system call: whoever fills the ring waits for room instead. */
export const lowRoomBytes: number = 32 * 1024;

/**
 * A fixed stretch of memory that one side fills and the other empties, without copying: free and filled parts are handed
 * out as views. What was handed out as filled stays untouched until it is given back.
 */
export class Ring {
  readonly #bytes: Uint8Array;
  #start = 0;
  #end = 0;
  /** Where the older part ends, while the newer one goes on at the front. */
  #wrappedAt: number | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#wrappedAt === undefined && this.#start === this.#end;
  }

  /** The oldest bytes end at the end of the memory: more of them cannot come. */
  get wrapped(): boolean {
    return this.#wrappedAt !== undefined;
  }

  /** True if `view` is a part of this memory. */
  holds(view: Uint8Array): boolean {
    return view.buffer === this.#bytes.buffer;
  }

  /** Where the next bytes go; empty when there is no room. Asking again without filling gives the same place. */
  room(): Uint8Array {
    if (this.#wrappedAt !== undefined) return this.#bytes.subarray(this.#end, this.#start);
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
    const behind = this.#bytes.byteLength - this.#end;
    if (behind < lowRoomBytes && this.#start > behind) {
      this.#wrappedAt = this.#end;
      this.#end = 0;
      return this.#bytes.subarray(0, this.#start);
    }
    return this.#bytes.subarray(this.#end);
  }

  /** Makes the first `count` bytes of `room()` part of what is filled. */
  filled(count: number): void {
    this.#end += count;
  }

  /** The oldest bytes, as many as lie together. */
  readable(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#wrappedAt ?? this.#end);
  }

  /** Gives back the first `count` bytes of `readable()`. */
  emptied(count: number): void {
    this.#start += count;
    if (this.#start === this.#wrappedAt) {
      this.#start = 0;
      this.#wrappedAt = undefined;
    }
  }
}
