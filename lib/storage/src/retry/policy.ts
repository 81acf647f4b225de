import { type BackoffPolicy, DataPlaneError, isRecoverable } from "@flyte-dataplane/core";
import { StoreAnswer } from "../store-answer.ts";

export interface RetryPolicy {
  /** Attempts without progress, the first included. */
  readonly attempts: number;
  /** Before the first retry at most; doubles from one to the next. */
  readonly baseMs: number;
  /** No wait of our own choice is longer. */
  readonly maxMs: number;
  /** A store that asks for a longer wait than this gets no further attempt. */
  readonly longestRetryAfterMs: number;
  /**
   * Tokens that all calls of a driver share: a retry costs five, a success gives one back, and progress of a long body or
   * listing the price of the retry that brought it. A store that is down is asked by few calls again, not by each of thousands.
   */
  readonly budget: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 5,
  baseMs: 100,
  maxMs: 20_000,
  longestRetryAfterMs: 60_000,
  budget: 500,
};

/**
 * Whether another attempt may end differently, by the table of codes. Two codes say less than the table: a full disk stays
 * full while a store that throttles recovers, and what is not our error is a defect, which attempts do not mend.
 */
export function mayPass(error: unknown): error is DataPlaneError {
  if (!(error instanceof DataPlaneError) || !isRecoverable(error.code)) return false;
  if (error.code !== "resource_exhausted") return true;
  const status = storeAnswer(error)?.status;
  return status === 429 || status === 503;
}

/**
 * Whether the store may have done what was asked although nobody heard of it: no answer came, or one that does not tell,
 * of a gateway that gave up waiting or a store that failed on the way.
 */
export function isUnanswered(error: DataPlaneError): boolean {
  const status = storeAnswer(error)?.status;
  return status === undefined || status === 500 || status === 502 || status === 504;
}

/**
 * Milliseconds before retry `retry` (1-based): full jitter, and never less than the store asked for. Undefined where it
 * asked for more than the policy bears.
 */
export function waitBefore(
  retry: number,
  error: DataPlaneError,
  policy: RetryPolicy,
  delay: (policy: BackoffPolicy, retry: number) => number,
): number | undefined {
  const asked = storeAnswer(error)?.retryAfterMs ?? 0;
  if (asked > policy.longestRetryAfterMs) return undefined;
  return Math.max(asked, delay({ baseMs: policy.baseMs, maxMs: policy.maxMs, jitter: "full" }, retry));
}

/** The tokens of `RetryPolicy.budget`. */
export class RetryBudget {
  readonly #most: number;
  #tokens: number;

  constructor(tokens: number) {
    this.#most = tokens;
    this.#tokens = tokens;
  }

  /** Pays for one retry; false where too little is left. */
  take(): boolean {
    if (this.#tokens < retryCost) return false;
    this.#tokens -= retryCost;
    return true;
  }

  /** A call succeeded. */
  refund(): void {
    this.#tokens = Math.min(this.#most, this.#tokens + 1);
  }

  /** A retry was worth its price. */
  giveBack(): void {
    this.#tokens = Math.min(this.#most, this.#tokens + retryCost);
  }
}

const retryCost = 5;

function storeAnswer(error: DataPlaneError): StoreAnswer | undefined {
  return error.cause instanceof StoreAnswer ? error.cause : undefined;
}
