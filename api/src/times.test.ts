import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { microsFromTimestamp, sqlTime, timestampFromMicros } from "./times.ts";

const first = -62_135_596_800_000_000n;
const last = 253_402_300_799_999_999n;

test("microseconds survive the way to a Timestamp and back, from year 1 to 9999", () => {
  fc.assert(
    fc.property(fc.bigInt(first, last), (value) => {
      expect(microsFromTimestamp("time", timestampFromMicros(value))).toBe(value);
    }),
  );
});

test("the SQL text of an instant has six digits of fraction and four of the year", () => {
  expect(sqlTime(1n)).toBe("1970-01-01T00:00:00.000001Z");
  expect(sqlTime(-1n)).toBe("1969-12-31T23:59:59.999999Z");
  expect(sqlTime(first)).toBe("0001-01-01T00:00:00.000000Z");
  expect(sqlTime(last)).toBe("9999-12-31T23:59:59.999999Z");
});

test.each([
  [253_402_300_800n, 0],
  [-62_135_596_801n, 0],
  [0n, 1_000_000_000],
  [0n, -1],
  [1n << 62n, 0],
])("%i seconds and %i nanoseconds are refused with the field's name", (seconds, nanos) => {
  const value = create(TimestampSchema, { seconds, nanos });
  expect(() => microsFromTimestamp("end_time", value)).toThrow("end_time");
});
