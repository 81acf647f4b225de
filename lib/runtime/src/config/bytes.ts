/** Sizes as people write them: `64Mi`, `10MB`, `1048576`. */

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  ki: 2 ** 10,
  kib: 2 ** 10,
  mi: 2 ** 20,
  mib: 2 ** 20,
  gi: 2 ** 30,
  gib: 2 ** 30,
  ti: 2 ** 40,
  tib: 2 ** 40,
};

/** A whole number of bytes; throws an Error that says what is expected. */
export function parseBytes(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*$/.exec(text);
  const unit = units[(match?.[2] ?? "?").toLowerCase()];
  const value = Number(match?.[1]) * (unit ?? Number.NaN);
  if (!Number.isSafeInteger(value))
    throw new TypeError(`is "${text}"; expected a size such as "64Mi", "10MB" or 1048576`);
  return value;
}

/** `value` in the largest binary unit that divides it. */
export function formatBytes(value: number): string {
  for (const [unit, size] of [
    ["Gi", 2 ** 30],
    ["Mi", 2 ** 20],
    ["Ki", 2 ** 10],
  ] as const) {
    if (value >= size && value % size === 0) return `${value / size}${unit}`;
  }
  return String(value);
}
