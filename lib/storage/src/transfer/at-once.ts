import { abortError, DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../abortable.ts";
import { follow } from "../follow.ts";

export interface AtOnceOptions<T> {
  /** How many works may run; asked again whenever one ends. */
  readonly limit: () => number;
  readonly signal: AbortSignal | undefined;
  /** Hears of every failure that is not the consequence of an earlier one or of an abort. */
  readonly onFailure?: (item: T, error: unknown) => void;
}

/** Gives items until its signal aborts. */
export type Items<T> = (signal: AbortSignal) => Iterable<T> | AsyncIterable<T>;

/**
 * Runs `work` for each item, several at once, and pulls an item only when there is room for it. The first failure aborts
 * the signal of all others and of whoever gives the items. Settles after all of them have, so that nothing runs on behind the caller's back; rejects
 * with the first failure, or with the abort of `options.signal`.
 */
export async function atOnce<T>(
  items: Items<T>,
  options: AtOnceOptions<T>,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  throwIfAborted(options.signal);
  const stop = follow(options.signal);
  try {
    await new Lanes(items(stop.signal), options, stop.controller, work).run();
  } finally {
    stop.release();
  }
  throwIfAborted(options.signal);
}

class Lanes<T> {
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  readonly #options: AtOnceOptions<T>;
  readonly #stop: AbortController;
  readonly #work: (item: T, signal: AbortSignal) => Promise<void>;
  readonly #running = new Set<Promise<void>>();
  #exhausted = false;
  #failure: { readonly reason: unknown } | undefined;

  constructor(
    items: Iterable<T> | AsyncIterable<T>,
    options: AtOnceOptions<T>,
    stop: AbortController,
    work: (item: T, signal: AbortSignal) => Promise<void>,
  ) {
    this.#iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    this.#options = options;
    this.#stop = stop;
    this.#work = work;
  }

  async run(): Promise<void> {
    this.#widen();
    while (this.#running.size > 0) await Promise.race(this.#running);
    // Left early: whoever produces the items is to know.
    if (!this.#exhausted) await this.#iterator.return?.();
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  #widen(): void {
    while (this.#running.size < this.#options.limit() && !this.#ended()) {
      const lane: Promise<void> = this.#lane().finally(() => this.#running.delete(lane));
      this.#running.add(lane);
    }
  }

  async #lane(): Promise<void> {
    const first = await this.#next();
    for (let item = first; item !== undefined; item = await this.#next()) {
      try {
        await this.#work(item.value, this.#stop.signal);
      } catch (error) {
        if (!this.#isConsequence(error)) this.#options.onFailure?.(item.value, error);
        this.#fail(error);
        return;
      }
      if (this.#running.size > this.#options.limit()) return;
      this.#widen();
    }
  }

  async #next(): Promise<{ readonly value: T } | undefined> {
    if (this.#ended()) return undefined;
    try {
      const next = await this.#iterator.next();
      // Another lane may have seen the end meanwhile: what is in hand is still to be done.
      if (next.done !== true) return this.#stop.signal.aborted ? undefined : next;
      this.#exhausted = true;
    } catch (error) {
      this.#exhausted = true;
      this.#fail(error);
    }
    return undefined;
  }

  #ended(): boolean {
    return this.#exhausted || this.#stop.signal.aborted;
  }

  #isConsequence(error: unknown): boolean {
    if (!this.#stop.signal.aborted) return false;
    return error instanceof DataPlaneError && error.code === abortError(this.#stop.signal).code;
  }

  #fail(reason: unknown): void {
    if (this.#isConsequence(reason)) return;
    this.#failure ??= { reason };
    this.#stop.abort();
  }
}
