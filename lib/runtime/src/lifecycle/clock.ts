/** The process's own time. Tests use a fake from test/support instead. */
import { abortError, type Clock } from "@flyte-dataplane/core";

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, options = {}) => sleep(ms, options.signal),
};

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) throw abortError(signal);
  if (ms <= 0) return;
  // One timer holds at most 2^31-1 ms; a longer sleep is several.
  for (let rest = ms; rest > 0; rest -= longestTimerMs) await timer(Math.min(rest, longestTimerMs), signal);
}

const longestTimerMs = 2 ** 31 - 1;

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const handle = setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }, ms);
    const aborted = (): void => {
      clearTimeout(handle);
      if (signal !== undefined) reject(abortError(signal));
    };
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
