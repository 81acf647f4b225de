import { abortError } from "@flyte-dataplane/core";

/** `promise`, or a rejection with `canceled` if `signal` aborts first; leaves no listener behind. */
export async function settled<V>(promise: Promise<V>, signal: AbortSignal): Promise<V> {
  if (signal.aborted) throw abortError(signal);
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(abortError(signal));
    signal.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
