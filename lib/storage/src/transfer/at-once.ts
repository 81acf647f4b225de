import { abortError, DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../abortable.ts";
import { follow } from "../follow.ts";
import { InPages } from "./in-pages.ts";

export interface AtOnceOptions<T, R> {
  /** How many works may run; asked again whenever one ends. */
  readonly limit: () => number;
  readonly signal: AbortSignal | undefined;
  /** Hears of every failure that is not the consequence of an earlier one or of an abort. */
  readonly onFailure?: (item: T, error: unknown) => void;
  readonly onDone?: (result: R) => void;
}

/** Gives items until its signal aborts. */
export type Items<T> = (signal: AbortSignal) => Iterable<T> | AsyncIterable<T> | InPages<T>;

/**
 * Runs `work` for each item, several at once, and pulls an item only when there is room for it. The first failure aborts
 * the signal of all others and of whoever gives the items. Settles after all of them have, so that nothing runs on behind the caller's back; rejects
 * with the first failure, or with the abort of `options.signal`.
 */
export async function atOnce<T, R>(
  items: Items<T>,
  options: AtOnceOptions<T, R>,
  work: (item: T, signal: AbortSignal) => Promise<R>,
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

class Lanes<T, R> {
  readonly #iterator: Iterator<T> | AsyncIterator<T> | InPages<T>;
  readonly #options: AtOnceOptions<T, R>;
  readonly #stop: AbortController;
  readonly #work: (item: T, signal: AbortSignal) => Promise<R>;
  readonly #running = new Set<Promise<void>>();
  /** Of those, the ones that go on: a lane that leaves is still running when the next one looks whether there are too many. */
  #staying = 0;
  #exhausted = false;
  #failure: { readonly reason: unknown } | undefined;

  constructor(
    items: Iterable<T> | AsyncIterable<T> | InPages<T>,
    options: AtOnceOptions<T, R>,
    stop: AbortController,
    work: (item: T, signal: AbortSignal) => Promise<R>,
  ) {
    this.#iterator = iteratorOf(items);
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
    while (this.#staying < this.#options.limit() && !this.#ended()) {
      this.#staying += 1;
      const lane: Promise<void> = this.#lane().finally(() => this.#running.delete(lane));
      this.#running.add(lane);
    }
  }

  async #lane(): Promise<void> {
    const { signal } = this.#stop;
    while (!this.#ended()) {
      let next: IteratorResult<T>;
      try {
        const soon = this.#iterator.next();
        // Most items are at hand: a wait for each would cost as much as the rest of a lane.
        next = soon instanceof Promise ? await soon : soon;
      } catch (error) {
        this.#exhausted = true;
        this.#fail(error);
        return;
      }
      if (next.done === true) {
        this.#exhausted = true;
        return;
      }
      // Another lane may have seen the end meanwhile: what is in hand is still to be done.
      if (signal.aborted) return;
      try {
        const result = await this.#work(next.value, signal);
        this.#options.onDone?.(result);
      } catch (error) {
        if (!this.#isConsequence(error)) this.#options.onFailure?.(next.value, error);
        this.#fail(error);
        return;
      }
      if (this.#staying > this.#options.limit()) {
        this.#staying -= 1;
        return;
      }
      this.#widen();
    }
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

function iteratorOf<T>(
  items: Iterable<T> | AsyncIterable<T> | InPages<T>,
): Iterator<T> | AsyncIterator<T> | InPages<T> {
  if (items instanceof InPages) return items;
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
