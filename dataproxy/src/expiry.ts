import type { Duration } from "@bufbuild/protobuf/wkt";
import { invalid } from "./refusal.ts";

/** Seconds in 10,000 years: the range of google.protobuf.Duration. */
const maxSeconds = 315_576_000_000n;

/** Milliseconds that a link lives when neither the caller nor the settings say. */
const defaultMs = 3_600_000;

/**
 * How long a link may live, in whole milliseconds, at least one: what was asked for, or `maximumMs`, or an hour where that sets no bound. Throws `invalid_argument` for a malformed duration and for one
 * that is not positive or above the maximum; a maximum of 0 sets no bound.
 */
export function linkLife(operation: string, asked: Duration | undefined, maximumMs: number): number {
  if (asked === undefined) return maximumMs > 0 ? maximumMs : defaultMs;
  const { seconds, nanos } = asked;
  const malformed =
    seconds > maxSeconds ||
    seconds < -maxSeconds ||
    Math.abs(nanos) > 999_999_999 ||
    (seconds > 0n && nanos < 0) ||
    (seconds < 0n && nanos > 0);
  if (malformed) throw invalid(operation, `expires_in of ${seconds} s and ${nanos} ns is not a valid duration`);
  const ms = Number(seconds) * 1000 + nanos / 1e6;
  if (ms <= 0) throw invalid(operation, `expires_in is ${ms} ms; it must be positive`);
  if (maximumMs > 0 && ms > maximumMs)
    throw invalid(operation, `expires_in is ${ms} ms; at most ${maximumMs} ms are allowed`);
  return Math.max(1, Math.floor(ms));
}
