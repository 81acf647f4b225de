/**
 * How many Pods run at once. A Pod may wait for the Pods of its action's children, so a plain limit would come to a
 * standstill with parents only. Here a Pod counts against those at its depth or above, never against deeper ones: a
 * child finds room however many parents wait for it.
 */
export class PodSlots {
  readonly #limit: number;
  readonly #taken = new Map<string, number>();
  /** In the order they came. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True once the Pod may start; until then `admitted` is called when it is worth asking again. */
  tryTake(uid: string, depth: number, admitted: () => void): boolean {
    if (this.#taken.has(uid)) return true;
    const deeper = [...this.#taken.values()].filter((other) => other >= depth).length;
    if (deeper >= this.#limit) {
      this.#waiting.set(uid, { depth, admitted });
      return false;
    }
    this.#waiting.delete(uid);
    this.#taken.set(uid, depth);
    return true;
  }

  /** For a Pod that runs already. */
  take(uid: string, depth: number): void {
    this.#waiting.delete(uid);
    this.#taken.set(uid, depth);
  }

  release(uid: string): void {
    this.#waiting.delete(uid);
    if (!this.#taken.delete(uid)) return;
    // The deepest first: others wait for them.
    const next = [...this.#waiting.values()].sort((a, b) => b.depth - a.depth).slice(0, this.#limit);
    for (const { admitted } of next) admitted();
  }
}

interface Waiting {
  readonly depth: number;
  readonly admitted: () => void;
}
