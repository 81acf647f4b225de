/** Durations as people write them in configuration: a sequence of numbers with units, `1h30m`, `1.5s`, `250ms`. */

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  // The Greek letter, beside the micro sign above.
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const part = /(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/y;

/** Milliseconds, possibly fractional; throws an Error that says what is expected. `0` needs no unit. */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  const negative = trimmed.startsWith("-");
  const body = negative ? trimmed.slice(1) : trimmed;
  if (body === "0") return 0;
  let total = 0;
  part.lastIndex = 0;
  let end = 0;
  for (let match = part.exec(body); match !== null; match = part.exec(body)) {
    const [, amount = "", unit = ""] = match;
    total += Number(amount) * (unitsMs[unit] ?? Number.NaN);
    end = part.lastIndex;
  }
  if (body === "" || end !== body.length || !Number.isFinite(total)) {
    throw new TypeError(`is "${text}"; expected a duration such as "90s", "1h30m" or "250ms"`);
  }
  return negative ? -total : total;
}

/** The shortest way to write `ms` with whole numbers of hours, minutes, seconds and milliseconds. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  let rest = Math.abs(ms);
  let written = ms < 0 ? "-" : "";
  for (const [unit, size] of [
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
  ] as const) {
    const count = Math.floor(rest / size);
    if (count > 0) written += `${count}${unit}`;
    rest -= count * size;
  }
  return rest > 0 ? `${written}${rest}ms` : written;
}
