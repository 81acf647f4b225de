import type { Progress, TransferOptions } from "./options.ts";

/** Adds up what a transfer moves and tells it at the pace of the caller's clock. */
export class ProgressMeter {
  /** For bodies that pass chunk by chunk; absent where nobody listens, so that they need not. */
  readonly onChunk: ((chunk: Uint8Array) => void) | undefined;
  readonly #options: TransferOptions;
  readonly #everyMs: number;
  #bytes = 0;
  #objects = 0;
  #toldAt: number;

  constructor(options: TransferOptions) {
    this.#options = options;
    this.#everyMs = options.progressEveryMs ?? 1000;
    this.#toldAt = options.clock.now();
    if (options.onProgress !== undefined) this.onChunk = (chunk) => this.moved(chunk.byteLength);
  }

  moved(bytes: number): void {
    this.#bytes += bytes;
    if (this.#options.onProgress === undefined) return;
    const now = this.#options.clock.now();
    if (now - this.#toldAt < this.#everyMs) return;
    this.#toldAt = now;
    this.#options.onProgress(this.#state());
  }

  objectDone(): void {
    this.#objects += 1;
  }

  end(): void {
    this.#options.onProgress?.(this.#state());
  }

  #state(): Progress {
    return { bytes: this.#bytes, objects: this.#objects };
  }
}
