/** What stands in an UnderWay knows where. */
export interface Placed {
  /** -1 outside; written by the UnderWay alone. */
  place: number;
}

/**
 * The calls or exchanges under way, in no order.
 *
 * No Set: one that many pass through is rehashed again and again, and each table that it leaves behind names the next. Once
 * the collector took one of them for old, all that any later table held stays until the next full collection: calls that
 * ended long ago were copied by two scavenges each, a fifth of what a call costs.
 */
export class UnderWay<T extends Placed> {
  readonly #items: T[] = [];

  add(item: T): void {
    item.place = this.#items.push(item) - 1;
  }

  /** Does nothing for what is not there. */
  delete(item: T): void {
    if (item.place < 0) return;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#items[item.place] = last;
      last.place = item.place;
    }
    item.place = -1;
  }

  /** As it is now: who is told may leave or come meanwhile. */
  all(): readonly T[] {
    return [...this.#items];
  }
}
