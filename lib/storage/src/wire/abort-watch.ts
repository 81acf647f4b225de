import { setMaxListeners } from "node:events";

/** Who is told of an abort. */
export interface Abortable {
  aborted(): void;
}

/** Those who wait for the abort of one signal. */
export class AbortWatch {
  /**
   * Few, as many as there are requests under way. A `Set` that thousands pass through leaves its outgrown tables behind, each
   * with a pointer to the next one and to who was in it: collections of the young generation keep all of that.
   */
  readonly #all: Abortable[] = [];

  add(who: Abortable): void {
    this.#all.push(who);
  }

  /** Without effect for those who are not in it. */
  delete(who: Abortable): void {
    const index = this.#all.indexOf(who);
    const last = this.#all.pop();
    if (last === undefined || index === this.#all.length) return;
    // Nobody was to go, or the last one takes the place.
    this.#all[index < 0 ? this.#all.length : index] = last;
  }

  tell(): void {
    // Whoever is told goes.
    for (const who of this.#all.slice()) who.aborted();
  }
}

const watching = new WeakMap<AbortSignal, AbortWatch>();

/**
 * Whoever is to be told when `signal` aborts is added to it, and taken away again. A tree moves under one signal: that gets
 * one listener, since adding and removing one for each request costs as much as signing it.
 */
export function abortWatch(signal: AbortSignal): AbortWatch {
  return watching.get(signal) ?? listenTo(signal);
}

function listenTo(signal: AbortSignal): AbortWatch {
  const watch = new AbortWatch();
  watching.set(signal, watch);
  setMaxListeners(0, signal);
  signal.addEventListener("abort", () => watch.tell(), { once: true });
  return watch;
}
