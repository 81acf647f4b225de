import { setMaxListeners } from "node:events";
import { abortError, type DataPlaneError } from "@flyte-dataplane/core";

interface Waiter<T> {
  serve(value: T): void;
  refuse(error: DataPlaneError): void;
}

/** Whoever waits for a thing, served in the order in which they came. */
export class WaitingLine<T> {
  readonly #waiters = new Set<Waiter<T>>();

  get length(): number {
    return this.#waiters.size;
  }

  /** Resolves with what `serve` hands over; an abort leaves the line at once. */
  wait(signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        if (signal !== undefined) waiter.refuse(abortError(signal));
      };
      const waiter: Waiter<T> = {
        serve(value) {
          leave();
          resolve(value);
        },
        refuse(error) {
          leave();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
      if (signal !== undefined) setMaxListeners(0, signal);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Hands `value` to the first in line; there must be one. */
  serve(value: T): void {
    const [first] = this.#waiters;
    first?.serve(value);
  }

  refuse(error: DataPlaneError): void {
    for (const waiter of this.#waiters) waiter.refuse(error);
  }
}
