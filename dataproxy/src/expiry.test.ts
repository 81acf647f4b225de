import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { linkLife } from "./expiry.ts";

const life = (seconds: bigint, nanos: number, maximumMs: number): number =>
  linkLife("sign", create(DurationSchema, { seconds, nanos }), maximumMs);

describe("the life of a link", () => {
  test.each([
    { name: "60.0005 s", seconds: 60n, nanos: 500_000, ms: 60_000 },
    { name: "1 ns", seconds: 0n, nanos: 1, ms: 1 },
    { name: "1.999999999 s", seconds: 1n, nanos: 999_999_999, ms: 1999 },
  ])("of $name is $ms ms, whole as timestamps want it", ({ seconds, nanos, ms }) => {
    expect(life(seconds, nanos, 3_600_000)).toBe(ms);
  });

  test("is an hour where neither the caller nor the maximum bounds it", () => {
    expect(linkLife("sign", undefined, 0)).toBe(3_600_000);
    expect(linkLife("sign", undefined, 5000)).toBe(5000);
    expect(life(86_400n, 0, 0)).toBe(86_400_000);
  });

  test("above the maximum by a fraction of a millisecond is refused", () => {
    expect(() => life(3600n, 1, 3_600_000)).toThrow("at most 3600000 ms");
  });
});
