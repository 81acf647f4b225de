export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Lets go of both signals; to be called when the work is over. */
  readonly release: () => void;
}

/**
 * A signal that aborts with the reason of the first of `a` and `b` to abort. Unlike AbortSignal.any it can be released,
 * so that a signal as long-lived as the process does not collect one entry per call.
 */
export function linkSignals(a: AbortSignal, b: AbortSignal): LinkedSignal {
  const controller = new AbortController();
  const follow = [a, b].map((source) => {
    const listener = (): void => controller.abort(source.reason);
    if (source.aborted) listener();
    else source.addEventListener("abort", listener, { once: true });
    return () => source.removeEventListener("abort", listener);
  });
  return { signal: controller.signal, release: () => follow.forEach((stop) => stop()) };
}
