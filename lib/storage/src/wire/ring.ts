import { DataPlaneError } from "@flyte-dataplane/core";

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

  /** Bytes that `room` would have. */
  get free(): number {
    if (this.#wrappedAt !== undefined) return this.#start - this.#end;
    if (this.#start === this.#end) return this.#bytes.byteLength;
    return Math.max(this.#bytes.byteLength - this.#end, this.#goesOnInFront() ? this.#start : 0);
  }

  /** Where the next bytes go; empty when there is no room. Asking again without filling gives the same place. */
  room(): Uint8Array {
    if (this.#wrappedAt !== undefined) return this.#bytes.subarray(this.#end, this.#start);
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    } else if (this.#goesOnInFront()) {
      this.#wrappedAt = this.#end;
      this.#end = 0;
      return this.#bytes.subarray(0, this.#start);
    }
    return this.#bytes.subarray(this.#end);
  }

  /** Makes the first `count` bytes of `room`, the view handed out last, part of what is filled. */
  filled(room: Uint8Array, count: number): void {
    // Whoever wrote elsewhere has torn the order of the bytes: nothing may come of that.
    if (room.byteOffset - this.#bytes.byteOffset !== this.#end) {
      throw new DataPlaneError("internal", "bytes were read to a place that had been taken back");
    }
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

  #goesOnInFront(): boolean {
    const behind = this.#bytes.byteLength - this.#end;
    return behind < lowRoomBytes && this.#start > behind;
  }
}
