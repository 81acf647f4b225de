/** Items that come several at a time: those of a page that is here are given at once, without a promise for each. */
export class InPages<T> {
  readonly #pages: AsyncIterator<Iterable<T>>;
  #page: Iterator<T> | undefined;
  #coming: Promise<void> | undefined;
  #ended = false;

  constructor(pages: AsyncIterable<Iterable<T>>) {
    this.#pages = pages[Symbol.asyncIterator]();
  }

  /** May be called while an earlier call waits. */
  next(): IteratorResult<T> | Promise<IteratorResult<T>> {
    const next = this.#page?.next();
    return next === undefined || next.done === true ? this.#behindPage() : next;
  }

  /** Tells whoever gives the pages that nobody wants the rest. */
  async return(): Promise<void> {
    await this.#pages.return?.();
  }

  async #behindPage(): Promise<IteratorResult<T>> {
    while (!this.#ended) {
      // All who wait do so for the same page, which may be too small for them all.
      this.#coming ??= this.#turn();
      await this.#coming;
      const next = this.#page?.next();
      if (next !== undefined && next.done !== true) return next;
    }
    return { done: true, value: undefined };
  }

  async #turn(): Promise<void> {
    try {
      const turned = await this.#pages.next();
      if (turned.done === true) this.#ended = true;
      else this.#page = turned.value[Symbol.iterator]();
    } finally {
      this.#coming = undefined;
    }
  }
}
