import { abortError, backoffDelay, type Clock, DataPlaneError, type Logger, type Metrics } from "@flyte-dataplane/core";
import { mayPass, RetryBudget, type RetryPolicy, waitBefore } from "./policy.ts";

export interface RetryDeps {
  readonly clock: Clock;
  /** Yields numbers in [0, 1); `Math.random` by default. */
  readonly random?: () => number;
  /** Hears of each retry at debug level. */
  readonly logger?: Logger;
  /** Called before each further attempt. */
  readonly onRetry?: () => void;
  /** Counts retries as `storage_retries_total`. */
  readonly metrics?: Metrics;
}

/** What one operation on one key is about. */
export interface Call {
  readonly operation: string;
  readonly key: string;
  readonly signal?: AbortSignal | undefined;
}

/** Decides about attempts for all calls of one driver. */
export class Retrier {
  readonly policy: RetryPolicy;
  readonly budget: RetryBudget;
  readonly deps: RetryDeps;
  readonly #scheme: string;
  readonly #retries: { add(value: number, labels: Readonly<Record<string, string>>): void } | undefined;

  constructor(scheme: string, policy: RetryPolicy, deps: RetryDeps) {
    this.policy = policy;
    this.deps = deps;
    this.budget = new RetryBudget(policy.budget);
    this.#scheme = scheme;
    this.#retries = deps.metrics?.counter({
      name: "storage_retries_total",
      help: "Further attempts at storage operations, by the failure before them.",
      labels: ["scheme", "operation", "code"],
    });
  }

  /** Runs `attempt` until it succeeds or its failure is final. `repeatable` answers whether it can run again after `error`. */
  async run<T>(call: Call, attempt: () => Promise<T>, repeatable?: (error: DataPlaneError) => boolean): Promise<T> {
    let tries: Tries | undefined;
    for (;;) {
      try {
        const result = await attempt();
        this.budget.refund();
        return result;
      } catch (error) {
        tries ??= this.begin(call);
        await tries.failed(error, repeatable);
      }
    }
  }

  /** For operations that go on where they stopped, and so cannot be a plain `run`. */
  begin(call: Call): Tries {
    return new Tries(this, call);
  }

  note(call: Call, error: DataPlaneError, attempt: number, waitMs: number): void {
    this.deps.onRetry?.();
    this.#retries?.add(1, { scheme: this.#scheme, operation: call.operation, code: error.code });
    // The query of a web address may be a signature; a store's key may hold a question mark of its own.
    const key = this.#scheme === "http" ? call.key.replace(/\?.*$/s, "") : call.key;
    this.deps.logger?.debug(
      { operation: call.operation, key, attempt, waitMs, code: error.code, error: error.message },
      "store asked again",
    );
  }
}

/** The attempts of one call. */
export class Tries {
  readonly #retrier: Retrier;
  readonly #call: Call;
  #made = 0;
  #withoutProgress = 0;

  constructor(retrier: Retrier, call: Call) {
    this.#retrier = retrier;
    this.#call = call;
  }

  /** The attempt that is running brought something: it counts as a success, and the next failure as the first. */
  progressed(): void {
    this.#withoutProgress = 0;
    if (this.#made > 0) this.#retrier.budget.giveBack();
  }

  /** Resolves when it is time for the next attempt; rejects with the final error where there is to be none. */
  async failed(error: unknown, repeatable?: (error: DataPlaneError) => boolean): Promise<void> {
    this.#made += 1;
    this.#withoutProgress += 1;
    const { policy, deps, budget } = this.#retrier;
    const { signal } = this.#call;
    if (!mayPass(error) || repeatable?.(error) === false) throw this.#named(error, "");
    if (signal?.aborted === true) throw this.#stopped(signal, error);
    if (this.#withoutProgress >= policy.attempts) throw this.#named(error, "");
    const random = deps.random ?? Math.random;
    const waitMs = waitBefore(this.#withoutProgress, error, policy, (backoff, retry) =>
      backoffDelay(backoff, retry, random),
    );
    if (waitMs === undefined) throw this.#named(error, "; it asks for a longer wait than is possible here");
    if (!budget.take()) throw this.#named(error, "; too many calls of this store fail for another attempt");
    this.#retrier.note(this.#call, error, this.#made, waitMs);
    try {
      await deps.clock.sleep(waitMs, signal === undefined ? {} : { signal });
    } catch (stop) {
      throw signal === undefined ? stop : this.#stopped(signal, error);
    }
  }

  #named(error: unknown, why: string): unknown {
    if (!(error instanceof DataPlaneError) || (this.#made === 1 && why === "")) return error;
    const attempts = this.#made === 1 ? "" : ` (${this.#made} attempts)`;
    return new DataPlaneError(error.code, `${error.message}${attempts}${why}`, {
      origin: error.origin,
      ...(error.ref !== undefined && { ref: error.ref }),
      cause: error.cause ?? error,
    });
  }

  /** What ended the waiting, and what was waited for. */
  #stopped(signal: AbortSignal, last: DataPlaneError): DataPlaneError {
    const stop = abortError(signal);
    if (last.code === stop.code) return stop;
    return new DataPlaneError(stop.code, `${stop.message}; attempt ${this.#made} had failed: ${last.message}`, {
      origin: stop.origin,
      cause: last,
    });
  }
}
