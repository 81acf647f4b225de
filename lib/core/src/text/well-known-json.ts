import { civilText, normalInstant, pad, type SecondsAndNanos } from "./instant.ts";

/** The JSON text that protobuf prescribes for a Timestamp: UTC, fraction of 0, 3, 6 or 9 digits. */
export function formatDateTimeJson(time: SecondsAndNanos): string {
  const { seconds, nanos } = normalInstant(time);
  return `${civilText(seconds)}${fraction(nanos)}Z`;
}

/** The JSON text that protobuf prescribes for a Duration: seconds with a fraction of 0, 3, 6 or 9 digits, and `s`. */
export function formatDurationJson(span: SecondsAndNanos): string {
  const negative = span.seconds < 0n || span.nanos < 0;
  const seconds = span.seconds < 0n ? -span.seconds : span.seconds;
  return `${negative ? "-" : ""}${seconds}${fraction(Math.abs(span.nanos))}s`;
}

function fraction(nanos: number): string {
  if (nanos === 0) return "";
  const digits = pad(nanos, 9);
  if (digits.endsWith("000000")) return `.${digits.slice(0, 3)}`;
  return digits.endsWith("000") ? `.${digits.slice(0, 6)}` : `.${digits}`;
}
