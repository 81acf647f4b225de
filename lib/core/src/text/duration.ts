import type { SecondsAndNanos } from "./instant.ts";
import { notA } from "./refusal.ts";

const maxNanos = 2n ** 63n - 1n;
const minNanos = -(2n ** 63n);

/**
 * Duration text with units, `1h2m3.000000004s`: below a second one of `ns`, `µs` (U+00B5), `ms`, else hours and
 * minutes without leading zero units and always seconds. Spans beyond what int64 nanoseconds hold print as the limit.
 */
export function formatDuration(span: SecondsAndNanos): string {
  const nanos = toNanos(span);
  const magnitude = nanos < 0n ? -nanos : nanos;
  return (nanos < 0n ? "-" : "") + (magnitude < 1_000_000_000n ? subSecond(magnitude) : withSeconds(magnitude));
}

/** The span in nanoseconds, limited to int64. */
export function toNanos(span: SecondsAndNanos): bigint {
  const nanos = span.seconds * 1_000_000_000n + BigInt(span.nanos);
  return nanos > maxNanos ? maxNanos : nanos < minNanos ? minNanos : nanos;
}

export function fromNanos(nanos: bigint): SecondsAndNanos {
  return { seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) };
}

function subSecond(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  if (nanos < 1_000n) return `${nanos}ns`;
  return nanos < 1_000_000n ? `${decimal(nanos, 3)}µs` : `${decimal(nanos, 6)}ms`;
}

function withSeconds(nanos: bigint): string {
  const minutes = nanos / 60_000_000_000n;
  const seconds = `${decimal(nanos % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** `value / 10^places` without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const unit = 10n ** BigInt(places);
  const fraction = (value % unit).toString().padStart(places, "0").replace(/0+$/, "");
  return fraction === "" ? `${value / unit}` : `${value / unit}.${fraction}`;
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/**
 * Reads the same text, in nanoseconds: a sign, then numbers each with its unit, in any order and repeated at will;
 * a bare `0`. Digits below a nanosecond are cut. Throws `invalid_argument` (origin user) for anything else and for
 * spans beyond int64 nanoseconds.
 */
export function parseDuration(text: string): bigint {
  const negative = text.startsWith("-");
  const body = /^[+-]/.test(text) ? text.slice(1) : text;
  if (body === "0") return 0n;
  if (body === "") throw notA("a duration", text, "it is empty");
  let total = 0n;
  let position = 0;
  const term = /([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/y;
  while (position < body.length) {
    term.lastIndex = position;
    const [all = "", whole = "", fraction = "", unitText = ""] = term.exec(body) ?? [];
    if (whole === "" && fraction === "") throw notA("a duration", text, `a number is missing at offset ${position}`);
    if (unitText === "") throw notA("a duration", text, `a unit is missing after "${all}"`);
    const unit = Object.hasOwn(units, unitText) ? units[unitText] : undefined;
    if (unit === undefined) throw notA("a duration", text, "the units are ns, us, ms, s, m and h");
    // Beyond 18 digits nothing of a fraction reaches a nanosecond.
    const part = fraction.slice(0, 18);
    total +=
      BigInt(whole === "" ? "0" : whole) * unit +
      (BigInt(part === "" ? "0" : part) * unit) / 10n ** BigInt(part.length);
    if (total > maxNanos + 1n) throw notA("a duration", text, "it is beyond 64-bit nanoseconds");
    position += all.length;
  }
  if (!negative && total > maxNanos) throw notA("a duration", text, "it is beyond 64-bit nanoseconds");
  return negative ? -total : total;
}
