/**
 * Instants on their three ways: protobuf Timestamp (nanoseconds), PostgreSQL timestamptz (microseconds) and the clock
 * (milliseconds). Rows carry them as `bigint` microseconds since the epoch, which loses nothing PostgreSQL keeps.
 */
import { create } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { DataPlaneError } from "@flyte-dataplane/core";

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z in seconds: what protobuf's own text form can hold. */
const firstSecond = -62_135_596_800n;
const lastSecond = 253_402_300_799n;

/** SQL that selects a timestamptz column as microseconds since the epoch. */
export function micros(column: string): string {
  return `(extract(epoch from ${column}) * 1000000)::bigint`;
}

export function timestampFromMicros(value: bigint): Timestamp {
  const remainder = value % 1_000_000n;
  const fraction = remainder < 0n ? remainder + 1_000_000n : remainder;
  return create(TimestampSchema, { seconds: (value - fraction) / 1_000_000n, nanos: Number(fraction) * 1000 });
}

export function timestampFromMs(value: number): Timestamp {
  return timestampFromMicros(BigInt(Math.trunc(value)) * 1000n);
}

/** Microseconds since the epoch, cut below. `invalid_argument` names `field` for years outside 1–9999. */
export function microsFromTimestamp(field: string, value: Timestamp): bigint {
  const { seconds, nanos } = value;
  if (seconds < firstSecond || seconds > lastSecond || nanos < 0 || nanos > 999_999_999) {
    throw new DataPlaneError("invalid_argument", `${field}: not an instant of the years 1 to 9999`, { origin: "user" });
  }
  return seconds * 1_000_000n + BigInt(Math.trunc(nanos / 1000));
}

/** ISO 8601 in UTC with six digits of fraction, as `$n::timestamptz` takes it without loss. */
export function sqlTime(value: bigint): string {
  const { seconds, nanos } = timestampFromMicros(value);
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(Math.trunc(nanos / 1000)).padStart(6, "0")}Z`;
}

/** The clock's reading as `$n::timestamptz` takes it. */
export function sqlTimeFromMs(value: number): string {
  return new Date(value).toISOString();
}
