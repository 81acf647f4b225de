import { civilText, normalInstant, pad, type SecondsAndNanos } from "./instant.ts";
import { notA } from "./refusal.ts";

/** RFC 3339 in UTC with `Z`; a fraction only if there is one, without trailing zeros. Years beyond 9999 get more digits. */
export function formatDateTime(time: SecondsAndNanos): string {
  const { seconds, nanos } = normalInstant(time);
  const fraction = nanos === 0 ? "" : `.${pad(nanos, 9).replace(/0+$/, "")}`;
  return `${civilText(seconds)}${fraction}Z`;
}

/** What a Timestamp may hold: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z. */
const firstSecond = -62135596800;
const lastSecond = 253402300799;

const outsideYears = "it lies outside the years 1 to 9999";

const pattern = /^(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/**
 * Reads RFC 3339: `T` and `Z` in upper case, a zone, an hour of one or two digits, any fraction (cut after nine
 * digits). Throws `invalid_argument` (origin user) for anything else, impossible dates included.
 */
export function parseDateTime(text: string): SecondsAndNanos {
  const match = pattern.exec(text);
  if (match === null) {
    const why = /^[+-]?\d{5,}-/.test(text) ? outsideYears : "expected YYYY-MM-DDThh:mm:ss with a zone";
    throw notA("a datetime", text, why);
  }
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(match[i])) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month))
    throw notA("a datetime", text, "there is no such day");
  if (hour > 23 || minute > 59 || second > 59) throw notA("a datetime", text, "there is no such time of day");
  const offset = zoneOffset(text, match[8], Number(match[9] ?? 0), Number(match[10] ?? 0));
  const date = new Date(0);
  // setUTCFullYear, since Date.UTC reads the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const seconds = date.getTime() / 1000 - offset;
  if (seconds < firstSecond || seconds > lastSecond) {
    throw notA("a datetime", text, outsideYears);
  }
  return { seconds: BigInt(seconds), nanos: Number((match[7] ?? "").slice(0, 9).padEnd(9, "0")) };
}

function zoneOffset(text: string, sign: string | undefined, hours: number, minutes: number): number {
  if (hours > 24 || minutes > 60) throw notA("a datetime", text, "there is no such zone");
  return (sign === "-" ? -1 : 1) * (hours * 3600 + minutes * 60);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
