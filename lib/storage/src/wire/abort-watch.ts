import { setMaxListeners } from "node:events";

/** Who is told of an abort. */
export interface Abortable {
  aborted(): void;
}

const watching = new WeakMap<AbortSignal, Set<Abortable>>();

/**
 * Tells `who` when `signal` aborts. A tree moves under one signal: that gets one listener, since adding and removing one for
 * each request costs as much as signing it.
 */
export function watchAbort(signal: AbortSignal, who: Abortable): void {
  (watching.get(signal) ?? listenTo(signal)).add(who);
}

export function unwatchAbort(signal: AbortSignal, who: Abortable): void {
  watching.get(signal)?.delete(who);
}

function listenTo(signal: AbortSignal): Set<Abortable> {
  const all = new Set<Abortable>();
  watching.set(signal, all);
  setMaxListeners(0, signal);
  signal.addEventListener(
    "abort",
    () => {
      for (const who of all) who.aborted();
    },
    { once: true },
  );
  return all;
}
