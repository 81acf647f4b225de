import { abortError, DataPlaneError } from "@flyte-dataplane/core";
import type { ObjectChange } from "./stored-object.ts";

/**
 * The latest changes of one kind, shared by all its watchers: each holds only its place, so a slow one costs no memory
 * and never holds others up. A watcher that falls behind the oldest change kept is told so, as by a kube-apiserver.
 */
export class WatchHistory {
  #changes: ObjectChange[] = [];
  /** Every change after this version is kept. */
  #floor: number;
  #latest: number;
  #ended = false;
  readonly #limit: number;
  #wake: (() => void)[] = [];

  constructor(version: number, limit: number) {
    this.#floor = version;
    this.#latest = version;
    this.#limit = limit;
  }

  append(change: ObjectChange): void {
    this.#changes.push(change);
    this.#latest = change.version;
    // Dropping half at once keeps the cost per change constant.
    if (this.#changes.length > this.#limit * 2) {
      const dropped = this.#changes.splice(0, this.#changes.length - this.#limit);
      this.#floor = dropped.at(-1)?.version ?? this.#floor;
    }
    this.#notify();
  }

  /** Ends every watch without error, each once it has read what is there. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** Changes after `version`, in order, for ever. Rejects with `out_of_range` when some of them are no longer kept. */
  async *after(version: number, current: number, signal: AbortSignal | undefined): AsyncGenerator<ObjectChange, void> {
    if (version > current) throw tooOld(version);
    let seen = version;
    for (;;) {
      if (signal?.aborted === true) throw abortError(signal);
      if (seen < this.#floor) throw tooOld(seen);
      const next = this.#changes[this.#indexAfter(seen)];
      if (next === undefined && this.#ended) return;
      if (next === undefined) await this.#changed(signal);
      else {
        seen = next.version;
        yield next;
      }
    }
  }

  /** Index of the first change after `version`. */
  #indexAfter(version: number): number {
    if (version >= this.#latest) return this.#changes.length;
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.version ?? 0) <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #changed(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        this.#wake = this.#wake.filter((other) => other !== woken);
        if (signal !== undefined) reject(abortError(signal));
      };
      const woken = (): void => {
        signal?.removeEventListener("abort", aborted);
        resolve();
      };
      signal?.addEventListener("abort", aborted, { once: true });
      this.#wake.push(woken);
    });
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

function tooOld(version: number): DataPlaneError {
  return new DataPlaneError("out_of_range", `watch from ${version}: changes since then are not kept; list again`);
}
