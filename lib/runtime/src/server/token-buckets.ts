/** Rates per client: a bucket of tokens each, filled at an even pace; a call takes one. Pure: the moment comes in. */

export interface BucketOptions {
  readonly perSecond: number;
  /** Tokens that a full bucket holds, at least 1. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets kept at most. A full one is as good as none, so the fullest are forgotten first. */
const maxBuckets = 10_000;

export class TokenBuckets {
  readonly #options: BucketOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: BucketOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** How many milliseconds until `client` has `amount` tokens, 0 for now and infinity for never; takes none. */
  wait(client: string, nowMs: number, amount = 1): number {
    const { perSecond, burst } = this.#options;
    if (amount > burst) return Number.POSITIVE_INFINITY;
    const lacking = amount - this.#tokensOf(client, nowMs);
    return lacking <= 0 ? 0 : Math.ceil((lacking / perSecond) * 1000);
  }

  /** Takes `amount` tokens of `client` where they are there; gives what `wait` would have. */
  take(client: string, nowMs: number, amount = 1): number {
    const waitMs = this.wait(client, nowMs, amount);
    const tokens = this.#tokensOf(client, nowMs);
    // Set anew, so that the map stands in the order of the last call.
    this.#buckets.delete(client);
    this.#buckets.set(client, { tokens: waitMs === 0 ? tokens - amount : tokens, atMs: nowMs });
    if (this.#buckets.size > maxBuckets) this.#forget(nowMs, this.#options.burst);
    return waitMs;
  }

  #tokensOf(client: string, nowMs: number): number {
    const { perSecond, burst } = this.#options;
    const bucket = this.#buckets.get(client);
    if (bucket === undefined) return burst;
    // A clock that was set back gives nothing and takes nothing.
    return Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond);
  }

  #forget(nowMs: number, burst: number): void {
    for (const client of this.#buckets.keys()) if (this.#tokensOf(client, nowMs) >= burst) this.#buckets.delete(client);
    // All of them busy: those that called longest ago.
    for (const client of this.#buckets.keys()) {
      if (this.#buckets.size <= maxBuckets / 2) return;
      this.#buckets.delete(client);
    }
  }
}
