import { Buffer } from "node:buffer";

/**
 * Blocks of memory of one size that all uploads of this process share and use again: fresh memory for each body costs
 * page faults and collections of garbage, and one used a moment ago is still in the processor's cache. Nothing is kept
 * once nobody uploads.
 */
export class SpareBlocks {
  readonly #blockBytes: number;
  readonly #most: number;
  readonly #spare: Uint8Array[] = [];
  #used = 0;
  #holders = 0;

  /** `most`: blocks in use at a time. */
  constructor(blockBytes: number, most: number) {
    this.#blockBytes = blockBytes;
    this.#most = most;
  }

  /** Runs `use`, which borrows time and again: what it gave back is kept for it meanwhile. */
  async hold<T>(use: () => Promise<T>): Promise<T> {
    this.#holders += 1;
    try {
      return await use();
    } finally {
      this.#holders -= 1;
      this.#letGo();
    }
  }

  /**
   * Runs `use` with a block that has anything in it; with none where all are in use or too small for `size` bytes. The
   * block is used again only if `use` succeeds: a request that failed may still be on its way to the kernel.
   */
  async lend<T>(size: number, use: (block: Uint8Array | undefined) => Promise<T>): Promise<T> {
    if (size > this.#blockBytes || this.#used >= this.#most) return await use(undefined);
    const block = this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#blockBytes);
    this.#used += 1;
    try {
      const result = await use(block);
      this.#spare.push(block);
      return result;
    } finally {
      this.#used -= 1;
      this.#letGo();
    }
  }

  #letGo(): void {
    if (this.#used === 0 && this.#holders === 0) this.#spare.length = 0;
  }
}
