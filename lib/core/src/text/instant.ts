/** A point in time or a span, as protobuf counts it: whole seconds and nanoseconds of the same sign or zero. */
export interface SecondsAndNanos {
  readonly seconds: bigint;
  /** For a point in time 0 to 999,999,999; for a span between plus and minus that. */
  readonly nanos: number;
}

/** The same instant with nanoseconds in 0 to 999,999,999; messages from outside may carry any. */
export function normalInstant(time: SecondsAndNanos): SecondsAndNanos {
  const carry = Math.floor(time.nanos / 1e9);
  return carry === 0 ? time : { seconds: time.seconds + BigInt(carry), nanos: time.nanos - carry * 1e9 };
}

/** Calendar fields, UTC; `nanos` completes the second. */
interface CivilTime {
  readonly year: bigint;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** The proleptic Gregorian date and time of a Unix time, for every int64: JavaScript's Date ends at the year 275760. */
function civilTime(seconds: bigint): CivilTime {
  const day = floorDiv(seconds, 86400n);
  const inDay = Number(seconds - day * 86400n);
  // Years counted from March, so that the leap day comes last; 719468 days lie between 0000-03-01 and 1970-01-01.
  const shifted = day + 719468n;
  const era = floorDiv(shifted, 146097n);
  const dayOfEra = Number(shifted - era * 146097n);
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: BigInt(yearOfEra) + era * 400n + (month <= 2 ? 1n : 0n),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    hour: Math.floor(inDay / 3600),
    minute: Math.floor((inDay % 3600) / 60),
    second: inDay % 60,
  };
}

/** `YYYY-MM-DDThh:mm:ss`, with more digits for years beyond 9999. */
export function civilText(seconds: bigint): string {
  const time = civilTime(seconds);
  const year = time.year < 0n ? `-${pad(-time.year, 4)}` : pad(time.year, 4);
  return `${year}-${pad(time.month, 2)}-${pad(time.day, 2)}T${pad(time.hour, 2)}:${pad(time.minute, 2)}:${pad(time.second, 2)}`;
}

export function pad(value: number | bigint, width: number): string {
  return value.toString().padStart(width, "0");
}

function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}
