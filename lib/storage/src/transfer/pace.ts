import type { Clock } from "@flyte-dataplane/core";

/** A wider transfer has to be faster by this factor to stay so wide. */
const worthwhile = 1.15;

/**
 * How many pieces of an object move at once: twice as many after each round, until that no longer pays. Latency-bound
 * stores end at the most, a busy processor or a full line at the fewest.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #fewest: number;
  readonly #most: number;
  #width: number;
  #bestRate = 0;
  #settled = false;
  #bytes = 0;
  #pieces = 0;
  #since: number;

  constructor(clock: Clock, fewest: number, most: number) {
    this.#clock = clock;
    this.#fewest = fewest;
    this.#most = most;
    this.#width = fewest;
    this.#since = clock.now();
  }

  get width(): number {
    return this.#width;
  }

  /** A piece is complete. */
  done(bytes: number): void {
    if (this.#settled) return;
    this.#bytes += bytes;
    this.#pieces += 1;
    // Two rounds: the pieces of the first were begun at the width before.
    if (this.#pieces < 2 * this.#width) return;
    const now = this.#clock.now();
    const rate = this.#bytes / Math.max(1, now - this.#since);
    if (rate > this.#bestRate * worthwhile) {
      this.#bestRate = rate;
      this.#settled = this.#width >= this.#most;
      this.#width = Math.min(this.#most, this.#width * 2);
    } else {
      this.#settled = true;
      this.#width = Math.max(this.#fewest, Math.floor(this.#width / 2));
    }
    this.#bytes = 0;
    this.#pieces = 0;
    this.#since = now;
  }
}
