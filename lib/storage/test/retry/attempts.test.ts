import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { expectCode, text } from "../../src/conformance/index.ts";
import { openMemoryDriver } from "../../src/drivers/memory/driver.ts";
import { withRetry } from "../../src/with-retry.ts";
import { faulty, lineCut } from "../faulty-driver.ts";
import { instantClock } from "../instant-clock.ts";
import { answer, openRetried, refusing } from "./open-retried.ts";

describe("further attempts", () => {
  it("come after a random share of a wait that doubles, and the last error names their number", async () => {
    const { driver, clock } = openRetried(() => ({ refuse: lineCut() }));
    await expect(driver.head("object")).rejects.toMatchObject({
      code: "unavailable",
      message: "the line was cut (5 attempts)",
    });
    expect(clock.waits).toEqual([50, 100, 200, 400]);
  });

  it("come no sooner than the store asks", async () => {
    const busy = (): Error => new DataPlaneError("unavailable", "slow down", { cause: answer(503, "SlowDown", 3000) });
    const { driver, clock } = openRetried(refusing("put", 1, busy));
    await driver.put("object", text("x"));
    expect(clock.waits).toEqual([3000]);
  });

  it("do not come where the store asks for a wait without measure", async () => {
    const busy = (): Error =>
      new DataPlaneError("unavailable", "slow down", { cause: answer(503, "SlowDown", 3_600_000) });
    const { driver, clock } = openRetried(refusing("put", 1, busy));
    await expect(driver.put("object", text("x"))).rejects.toThrow(/longer wait/);
    expect(clock.waits).toEqual([]);
  });

  const final: readonly ErrorCode[] = [
    "unauthenticated",
    "permission_denied",
    "not_found",
    "already_exists",
    "invalid_argument",
    "failed_precondition",
    "unimplemented",
    "data_loss",
    "canceled",
  ];
  it.each(final)("are not made after %s, and the error stays as it was", async (code) => {
    const error = new DataPlaneError(code, "no");
    const { driver, inner } = openRetried(() => ({ refuse: error }));
    await expect(driver.head("object")).rejects.toBe(error);
    expect(inner.calls).toHaveLength(1);
  });

  it("are made for a store that throttles, not for one that is full", async () => {
    const exhausted = (status: number) => (): Error =>
      new DataPlaneError("resource_exhausted", "no", { cause: answer(status, "") });
    const throttling = openRetried(refusing("put", 1, exhausted(429)));
    await throttling.driver.put("object", text("x"));
    const full = openRetried(refusing("put", 1, exhausted(507)));
    await expectCode(full.driver.put("object", text("x")), "resource_exhausted");
    expect(full.inner.calls).toHaveLength(1);
  });

  it("are not made after a defect of ours", async () => {
    const { driver, inner } = openRetried(() => ({ refuse: new TypeError("a defect") }));
    await expect(driver.head("object")).rejects.toThrow(TypeError);
    expect(inner.calls).toHaveLength(1);
  });

  it("of many calls share a budget, so that a store that is down is not asked five times by each", async () => {
    const { driver, inner } = openRetried(() => ({ refuse: lineCut() }), { budget: 50 });
    const calls = await Promise.allSettled(Array.from({ length: 100 }, () => driver.head("object")));
    expect(calls.every(({ status }) => status === "rejected")).toBe(true);
    expect(inner.calls).toHaveLength(100 + 10);
  });

  it("end with an abort of the caller, and the error tells what was waited for", async () => {
    const stop = new AbortController();
    const { driver } = openRetried(() => ({ first: () => Promise.resolve(stop.abort()), refuse: lineCut() }));
    await expect(driver.head("object", { signal: stop.signal })).rejects.toMatchObject({
      code: "canceled",
      message: expect.stringContaining("the line was cut") as string,
    });
  });

  it("end with the time limit as deadline_exceeded", async () => {
    const stop = new AbortController();
    const late = new DOMException("too late", "TimeoutError");
    const { driver, inner } = openRetried(() => ({
      first: () => Promise.resolve(stop.abort(late)),
      refuse: lineCut(),
    }));
    await expectCode(driver.head("object", { signal: stop.signal }), "deadline_exceeded");
    expect(inner.calls).toHaveLength(1);
  });

  it("are counted by the failure before them and logged at debug level", async () => {
    const clock = instantClock();
    const lines: unknown[] = [];
    const counted: unknown[] = [];
    const unused = (): never => {
      throw new Error("not called by this test");
    };
    const logger = {
      debug: (...line: unknown[]) => void lines.push(line),
      info: unused,
      warn: unused,
      error: unused,
      child: unused,
    };
    const metrics = {
      counter: ({ name }: { readonly name: string }) => ({
        add: (value: number, labels?: object) => void counted.push([name, value, labels]),
      }),
      gauge: unused,
      histogram: unused,
    };
    const inner = faulty(openMemoryDriver({ clock }), refusing("put", 1, lineCut));
    await withRetry(inner, {}, { clock, random: () => 0.5, logger, metrics }).put("object", text("x"));
    expect(counted).toEqual([["storage_retries_total", 1, { scheme: "mem", operation: "put", code: "unavailable" }]]);
    expect(lines).toEqual([
      [
        { operation: "put", key: "object", attempt: 1, waitMs: 50, code: "unavailable", error: "the line was cut" },
        "store asked again",
      ],
    ]);
  });
});
