import { DataPlaneError } from "@flyte-dataplane/core";

/** How a command's time limit is shared between its work and the report of its failure. Milliseconds; 0: no limit. */
export interface LimitParts {
  readonly workMs: number;
  readonly reportMs: number;
}

const longestMarginMs = 30_000;
/** A report is one small object: whatever the limit, it has the time to be tried more than once. */
const shortestReportMs = 10_000;

/**
 * The pod's grace period is no longer than the limit, and what comes after it is not heard: so the work ends earlier, by
 * `marginMs`, else by a tenth of the limit and 30 s at most. Throws `invalid_argument` (origin user) for a margin that
 * leaves no time to work.
 */
export function limitParts(limitMs: number, marginMs: number | undefined): LimitParts {
  if (limitMs <= 0) return { workMs: 0, reportMs: 0 };
  const margin = marginMs ?? Math.min(longestMarginMs, limitMs / 10);
  if (margin >= limitMs) {
    throw new DataPlaneError(
      "invalid_argument",
      `sidecar: copilot.report-margin, ${margin} ms, leaves nothing of --timeout, ${limitMs} ms`,
      { origin: "user" },
    );
  }
  const marginKept = Math.max(0, Math.floor(margin));
  return { workMs: limitMs - marginKept, reportMs: Math.max(shortestReportMs, marginKept) };
}
