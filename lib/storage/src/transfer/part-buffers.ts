import { DataPlaneError } from "@flyte-dataplane/core";
import type { PartLimits } from "../driver.ts";

export interface StreamPart {
  /** From 1. */
  readonly number: number;
  /** The caller's until it releases the part. */
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
  readonly buffer: Uint8Array;
}

/** Cuts a body of unknown length into parts, in a few buffers that are used again. */
export class PartBuffers {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #memoryBytes: number;
  readonly #limits: PartLimits;
  readonly #free: Uint8Array[] = [];
  /** Read and not yet in a part; valid until the next chunk is asked for. */
  #rest: Uint8Array = new Uint8Array(0);
  #exhausted = false;
  #number = 0;
  #taken = 0;

  constructor(body: AsyncIterable<Uint8Array>, memoryBytes: number, limits: PartLimits) {
    this.#chunks = body[Symbol.asyncIterator]();
    this.#memoryBytes = memoryBytes;
    this.#limits = limits;
  }

  /** How many parts may be in memory at once. */
  get most(): number {
    return Math.max(2, Math.floor(this.#memoryBytes / this.#partBytes(this.#number)));
  }

  /** Bytes of the body so far. */
  get taken(): number {
    return this.#taken;
  }

  async next(): Promise<StreamPart> {
    this.#number += 1;
    if (this.#number > this.#limits.maxParts) {
      throw new DataPlaneError(
        "invalid_argument",
        `the body is too long for an upload of unknown length: ${this.#limits.maxParts} parts are full`,
      );
    }
    const size = this.#partBytes(this.#number);
    const buffer = this.#take(size);
    let filled = 0;
    // One chunk more than fits: only the end of the body tells which part is the last.
    while (filled < size || this.#rest.byteLength === 0) {
      if (this.#rest.byteLength === 0 && !(await this.#advance())) break;
      const taken = this.#rest.subarray(0, size - filled);
      buffer.set(taken, filled);
      filled += taken.byteLength;
      this.#rest = this.#rest.subarray(taken.byteLength);
    }
    return { number: this.#number, bytes: buffer.subarray(0, filled), isLast: this.#exhausted, buffer };
  }

  /** `first`, which came from `next`, and all parts behind it. Leaving early tells the body's producer to stop. */
  async *all(first: StreamPart): AsyncGenerator<StreamPart, void, undefined> {
    for (let part = first; ; part = await this.next()) {
      yield part;
      if (part.isLast) return;
    }
  }

  release({ buffer }: StreamPart): void {
    this.#free.push(buffer);
  }

  /** Tells the body's producer to stop. It is not waited for: one that is stuck would never answer. */
  stop(): void {
    if (!this.#exhausted) void Promise.resolve(this.#chunks.return?.()).catch(() => undefined);
  }

  async #advance(): Promise<boolean> {
    const next = await this.#chunks.next();
    this.#exhausted = next.done === true;
    if (next.done !== true) {
      this.#rest = next.value;
      this.#taken += next.value.byteLength;
    }
    return !this.#exhausted;
  }

  /** A quarter of the memory; half of it once half of the part numbers are used up. */
  #partBytes(number: number): number {
    const share = number <= this.#limits.maxParts / 2 ? 4 : 2;
    const wanted = Math.floor(this.#memoryBytes / share);
    return Math.min(this.#limits.maxPartBytes, Math.max(this.#limits.minPartBytes, wanted));
  }

  #take(size: number): Uint8Array {
    const buffer = this.#free.pop();
    // Parts have grown: the small buffers are done with.
    return buffer?.byteLength === size ? buffer : new Uint8Array(size);
  }
}
