/** The calls under way, and the two signals that end them: streams when the drain begins, unary calls when it is over. */
import { setMaxListeners } from "node:events";

export interface Calls {
  /** Aborts when the drain begins. */
  readonly draining: AbortSignal;
  /** Aborts when the drain is over. */
  readonly over: AbortSignal;
  /** Counts a call until the returned function is called (once or more). */
  begin(): () => void;
  drain(reason: Error): void;
  cut(reason: Error): void;
  /** Resolves when no call is under way. */
  idle(): Promise<void>;
}

export function createCalls(): Calls {
  const draining = new AbortController();
  const over = new AbortController();
  // Every call under way listens, and there may be thousands: that is no leak.
  setMaxListeners(0, draining.signal, over.signal);
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    draining: draining.signal,
    over: over.signal,
    begin: () => {
      let ended = false;
      running += 1;
      return () => {
        if (ended) return;
        ended = true;
        running -= 1;
        if (running === 0) for (const resolve of waiting.splice(0)) resolve();
      };
    },
    drain: (reason) => draining.abort(reason),
    cut: (reason) => over.abort(reason),
    idle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
