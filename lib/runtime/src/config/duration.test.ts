import { assert, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { formatBytes, parseBytes } from "./bytes.ts";
import { formatDuration, parseDuration } from "./duration.ts";

describe("durations", () => {
  test.each([
    ["0", 0],
    ["10s", 10_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    [".5s", 500],
    ["250ms", 250],
    ["1us", 0.001],
    ["1µs", 0.001],
    ["1μs", 0.001],
    ["-2m", -120_000],
    ["720h", 2_592_000_000],
    ["7d", 604_800_000],
  ])("%s is %d ms", (text, ms) => expect(parseDuration(text)).toBeCloseTo(ms, 9));

  test.each(["", "-", "10", "s", "1x", "1h 30m", "1e3s", "1.s5", "1h30", "∞s"])("%j is refused", (text) => {
    expect(() => parseDuration(text)).toThrow("expected a duration");
  });

  test("what is written is read back", () => {
    assert(property(integer({ min: -1e12, max: 1e12 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});

describe("sizes", () => {
  test.each([
    ["0", 0],
    ["1048576", 1_048_576],
    ["64Mi", 67_108_864],
    ["64MiB", 67_108_864],
    ["10MB", 10_000_000],
    ["1.5Ki", 1536],
    ["1 Gi", 2 ** 30],
  ])("%s is %d bytes", (text, size) => expect(parseBytes(text)).toBe(size));

  test.each(["", "-1", "1.5", "Mi", "1 Xi", "99999999999Ti", "1e3"])("%j is refused", (text) =>
    expect(() => parseBytes(text)).toThrow("expected a size"),
  );

  test("what is written is read back", () => {
    assert(
      property(integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (size) => parseBytes(formatBytes(size)) === size),
    );
  });
});
