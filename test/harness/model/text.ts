/** Section 3.3 of the contract, from its words alone: the texts of primitives. */

/** The shortest decimal that round-trips, never with an exponent. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa = "", power = "0"] = Math.abs(value).toExponential().split("e");
  const figures = mantissa.replace(".", "");
  const point = Number(power) + 1;
  if (point <= 0) return `${sign}${trimmed(`0.${"0".repeat(-point)}${figures}`)}`;
  if (point >= figures.length) return `${sign}${figures}${"0".repeat(point - figures.length)}`;
  return `${sign}${figures.slice(0, point)}.${figures.slice(point)}`;
}

/** RFC 3339 in UTC; fractions without trailing zeros; years beyond 9999 with all their digits. */
export function datetimeText(seconds: bigint, nanos: number): string {
  const iso = new Date(Number(seconds) * 1000).toISOString();
  const [, year = "", rest = ""] = /^([+-]?\d+)(-.*)\.\d+Z$/.exec(iso) ?? [];
  return `${year.replace(/^\+0*/, "")}${rest}${fraction(BigInt(nanos), 9)}Z`;
}

const longestNanos = 2n ** 63n - 1n;

/** Nanoseconds of a duration, which saturate at 64 bits. */
export function durationNanos(seconds: bigint, nanos: number): bigint {
  const all = seconds * 1_000_000_000n + BigInt(nanos);
  if (all > longestNanos) return longestNanos;
  return all < -longestNanos - 1n ? -longestNanos - 1n : all;
}

/** Hours, minutes and seconds without leading zero units; below a second one unit of ns, µs or ms. */
export function durationText(seconds: bigint, nanos: number): string {
  const all = durationNanos(seconds, nanos);
  if (all === 0n) return "0s";
  const size = all < 0n ? -all : all;
  const sign = all < 0n ? "-" : "";
  for (const [unit, digits] of [
    ["ns", 0],
    ["µs", 3],
    ["ms", 6],
  ] as const) {
    const per = 10n ** BigInt(digits);
    if (size < per * 1000n) return `${sign}${size / per}${fraction(size % per, digits)}${unit}`;
  }
  const whole = size / 1_000_000_000n;
  const [hours, minutes, left] = [whole / 3600n, (whole / 60n) % 60n, whole % 60n];
  const units = [hours > 0n ? `${hours}h` : "", hours > 0n || minutes > 0n ? `${minutes}m` : ""];
  return `${sign}${units.join("")}${left}${fraction(size % 1_000_000_000n, 9)}s`;
}

/** `.` and the digits of `part`, which has `digits` of them; empty for zero. */
function fraction(part: bigint, digits: number): string {
  return part === 0n ? "" : `.${part.toString().padStart(digits, "0").replace(/0+$/, "")}`;
}

/** Without zeros that end a fraction. */
function trimmed(text: string): string {
  const short = text.replace(/\.?0+$/, "");
  return short === "" ? "0" : short;
}
