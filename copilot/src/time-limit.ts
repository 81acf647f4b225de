/** Longest delay that one timer of Node holds; a limit beyond it (24 days) is none. */
const longestTimerMs = 2 ** 31 - 1;

/** Aborts after `timeoutMs` (never for 0), or with `other`; undefined if neither can happen. */
export function timeLimit(timeoutMs: number, other?: AbortSignal): AbortSignal | undefined {
  if (timeoutMs <= 0 || timeoutMs > longestTimerMs) return other;
  const limit = AbortSignal.timeout(timeoutMs);
  return other === undefined ? limit : AbortSignal.any([limit, other]);
}
