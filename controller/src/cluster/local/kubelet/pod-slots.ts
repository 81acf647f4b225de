/**
 * Who may start on this machine, first come first served. Two limits, for two costs of a Pod:
 *
 * - A start is a burst of computing: a Python loads for a second or more. Only so many are under way at once; a Pod
 *   that has started gives its start back, however long it runs from there.
 * - A Pod that runs takes memory until it ends. It may wait for the Pods of its action's children, so a plain limit
 *   would come to a standstill with parents only. Here a Pod counts against those at its depth or above, never against
 *   deeper ones: a child finds room however many parents wait for it.
 */
export interface PodLimits {
  /** Starts under way, at all depths together. */
  readonly starting: number;
  /** Pods at one depth of nesting or below. */
  readonly running: number;
}

export class PodSlots {
  readonly #limits: PodLimits;
  /** Depths of the Pods that were let in, those that start included. */
  readonly #running = new Map<string, number>();
  readonly #starting = new Set<string>();
  /** In the order they came. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(limits: PodLimits) {
    this.#limits = limits;
  }

  /** True once the Pod may start; until then it stands in the queue, and `admitted` is called when its turn comes. */
  ask(uid: string, depth: number, admitted: () => void): boolean {
    if (this.#running.has(uid)) return true;
    if (!this.#waiting.has(uid)) this.#waiting.set(uid, { depth, admitted });
    this.#admit(uid);
    return this.#running.has(uid);
  }

  /** For a Pod that runs already, as one of an earlier server does: it takes its room and no start. */
  hold(uid: string, depth: number): void {
    this.#waiting.delete(uid);
    this.#running.set(uid, depth);
  }

  /** The Pod's start is over, and another may begin. */
  started(uid: string): void {
    if (this.#starting.delete(uid)) this.#admit();
  }

  /** The Pod has ended, or gave up waiting. */
  release(uid: string): void {
    this.#waiting.delete(uid);
    this.#starting.delete(uid);
    this.#running.delete(uid);
    this.#admit();
  }

  /** Lets in all that fit. Only a lack of room at its depth lets others overtake a Pod; `asking` is not told. */
  #admit(asking?: string): void {
    for (const [uid, { depth, admitted }] of this.#waiting) {
      if (this.#starting.size >= this.#limits.starting) return;
      if (!this.#hasRoom(depth)) continue;
      this.#waiting.delete(uid);
      this.#running.set(uid, depth);
      this.#starting.add(uid);
      if (uid !== asking) admitted();
    }
  }

  #hasRoom(depth: number): boolean {
    let deeper = 0;
    for (const other of this.#running.values()) if (other >= depth) deeper += 1;
    return deeper < this.#limits.running;
  }
}

interface Waiting {
  readonly depth: number;
  readonly admitted: () => void;
}
