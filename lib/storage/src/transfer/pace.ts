import type { Clock } from "@flyte-dataplane/core";

/** A wider transfer has to be faster by this factor to stay so wide. */
const worthwhile = 1.15;
/** Half as many pieces bring half as much where the store is waited for, and as much where it is not: between the two. */
const bearable = 1.4;
/** From this share of its time on, a process that is at work is what a transfer waits for, and not the store. */
const busyShare = 0.5;
/** Fewer pieces tell no rate. */
const fewestMeasured = 4;

/**
 * How many pieces of an object move at once: twice as many after each round, until that no longer pays. Latency-bound
 * stores end at the most, a full line at the fewest. Where the process itself is busy it is half as many after each round
 * instead, down to one, until that costs throughput: memory in use by few pieces stays in the processor's cache.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #fewest: number;
  readonly #most: number;
  readonly #load: () => number;
  #width: number;
  #bestRate = 0;
  #narrowing = false;
  #settled = false;
  #bytes = 0;
  #pieces = 0;
  #since: number;

  /** `load` tells what share of its time, from 0 to 1, the process was at work since it was asked last. */
  constructor(clock: Clock, fewest: number, most: number, load: () => number = () => 0) {
    this.#clock = clock;
    this.#fewest = fewest;
    this.#most = most;
    this.#load = load;
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
    if (this.#pieces < Math.max(2 * this.#width, fewestMeasured)) return;
    const now = this.#clock.now();
    const rate = this.#bytes / Math.max(1, now - this.#since);
    this.#bytes = 0;
    this.#pieces = 0;
    this.#since = now;
    if (this.#narrowing) this.#narrow(rate);
    // What it does at this width is measured once more: the first pieces found nothing compiled and no connection.
    else if (this.#load() > busyShare) this.#narrowing = true;
    else this.#widen(rate);
  }

  #widen(rate: number): void {
    if (rate > this.#bestRate * worthwhile) {
      this.#bestRate = rate;
      this.#settled = this.#width >= this.#most;
      this.#width = Math.min(this.#most, this.#width * 2);
    } else {
      this.#settled = true;
      this.#width = Math.max(this.#fewest, Math.floor(this.#width / 2));
    }
  }

  #narrow(rate: number): void {
    if (rate * bearable < this.#bestRate) {
      this.#settled = true;
      this.#width *= 2;
    } else {
      this.#bestRate = Math.max(rate, this.#bestRate);
      this.#settled = this.#width === 1;
      this.#width = Math.max(1, Math.floor(this.#width / 2));
    }
  }
}
