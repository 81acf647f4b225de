import { describe, expect, it } from "vitest";
import { httpDate, retryAfterMs, StoreAnswer } from "./store-answer.ts";

const now = Date.UTC(2026, 0, 2, 3, 4, 5);

describe("the wait that a store asks for", () => {
  it.each([
    { name: "seconds", value: "120", expected: 120_000 },
    { name: "no seconds", value: "0", expected: 0 },
    { name: "a date to come", value: "Fri, 02 Jan 2026 03:04:15 GMT", expected: 10_000 },
    { name: "a date gone by", value: "Fri, 02 Jan 2026 03:00:00 GMT", expected: 0 },
    { name: "a fraction", value: "1.5", expected: undefined },
    { name: "a negative number", value: "-1", expected: undefined },
    { name: "a number without end", value: "9".repeat(40), expected: undefined },
    { name: "words", value: "soon", expected: undefined },
    { name: "nothing", value: undefined, expected: undefined },
  ])("as $name is read as it is meant", ({ value, expected }) => {
    expect(retryAfterMs(value, now)).toBe(expected);
  });

  it("a bare number is no date of HTTP", () => {
    expect(httpDate("1")).toBeUndefined();
    expect(httpDate("Fri, 02 Jan 2026 03:04:05 GMT")).toBe(now);
  });

  it("an answer without an explanation still says what it was", () => {
    expect(new StoreAnswer(503, "SlowDown").message).toBe("503 SlowDown");
    expect(new StoreAnswer(404, "").message).toBe("404");
  });
});
