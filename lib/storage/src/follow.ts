import { setMaxListeners } from "node:events";

/** A controller that aborts with `signal`, and may abort alone. */
export interface Follower {
  readonly controller: AbortController;
  readonly signal: AbortSignal;
  /** Lets go of the followed signal, which may live much longer. */
  release(): void;
}

export function follow(signal: AbortSignal | undefined): Follower {
  const controller = new AbortController();
  // Many works listen to one signal: no leak, so no warning.
  setMaxListeners(0, controller.signal);
  const abort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted === true) abort();
  if (signal !== undefined) {
    setMaxListeners(0, signal);
    signal.addEventListener("abort", abort, { once: true });
  }
  return { controller, signal: controller.signal, release: () => signal?.removeEventListener("abort", abort) };
}
