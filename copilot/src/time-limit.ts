/** Longest delay that one timer of Node holds; a limit beyond it (24 days) is none. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Aborts after `timeoutMs` (never for 0), or with `other`; undefined if neither can happen. Not `AbortSignal.any` over
 * `AbortSignal.timeout`: in Node 20 nothing but the former holds the latter, weakly, and a collected one never aborts.
 */
export function timeLimit(timeoutMs: number, other?: AbortSignal): AbortSignal | undefined {
  if (timeoutMs <= 0 || timeoutMs > longestTimerMs) return other;
  const limit = new AbortController();
  const late = new DOMException(`not done within ${timeoutMs} ms`, "TimeoutError");
  // Whoever is done early does not stay for it.
  setTimeout(() => limit.abort(late), timeoutMs).unref();
  const abort = (): void => limit.abort(other?.reason);
  if (other?.aborted === true) abort();
  other?.addEventListener("abort", abort, { once: true });
  return limit.signal;
}
