/** How long to wait between tries. The delay before retry k (k = 1 for the first) grows as `baseMs * factor^(k-1)`. */
export interface BackoffPolicy {
  readonly baseMs: number;
  /** No delay, jitter included, is longer. */
  readonly maxMs: number;
  /** Defaults to 2. */
  readonly factor?: number;
  /** Share of the delay by which it varies either way, 0 to 1 (default 0.2); `full` draws from zero to the delay. */
  readonly jitter?: number | "full";
}

/**
 * Milliseconds to wait before retry `retry` (1-based; below 1 there is nothing to wait for). Pure: `random` yields
 * numbers in [0, 1) and is the only source of chance.
 */
export function backoffDelay(policy: BackoffPolicy, retry: number, random: () => number): number {
  if (retry < 1) return 0;
  // A large exponent overflows to Infinity, which the minimum turns back into the cap.
  const plain = Math.min(policy.maxMs, policy.baseMs * (policy.factor ?? 2) ** (retry - 1));
  const jitter = policy.jitter ?? 0.2;
  if (jitter === "full") return plain * random();
  return Math.min(policy.maxMs, plain * (1 + jitter * (2 * random() - 1)));
}
