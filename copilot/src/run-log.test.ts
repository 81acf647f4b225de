import { type Clock, DataPlaneError, type LogFields, type Logger } from "@flyte-dataplane/core";
import { describe, expect, test } from "vitest";
import { RunLog } from "./run-log.ts";
import { Tally } from "./tally.ts";

/** Time passes when the test says so. */
class FakeClock implements Clock {
  #now = 0;
  #sleeper: { readonly until: number; readonly wake: () => void } | undefined;

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (signal?.aborted === true) throw new DataPlaneError("canceled", "canceled");
    await new Promise<void>((resolve, reject) => {
      this.#sleeper = { until: this.#now + ms, wake: resolve };
      signal?.addEventListener("abort", () => reject(new DataPlaneError("canceled", "canceled")), { once: true });
    });
  }

  async pass(ms: number): Promise<void> {
    this.#now += ms;
    if (this.#sleeper !== undefined && this.#sleeper.until <= this.#now) this.#sleeper.wake();
    // The sleeper goes on, speaks and sleeps again.
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }
}

function recorder(): { readonly log: Logger; readonly lines: [string, LogFields][] } {
  const lines: [string, LogFields][] = [];
  const write = (fields: LogFields, message: string): void => void lines.push([message, fields]);
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  return { log, lines };
}

describe("RunLog", () => {
  test("tells what was moved at each interval, and no more once it has summed up", async () => {
    const clock = new FakeClock();
    const { log, lines } = recorder();
    const tally = new Tally(true);
    const runLog = new RunLog({ log, clock, tally, progressMs: 10_000 });
    await clock.pass(9999);
    expect(lines).toEqual([]);
    tally.listener().onProgress?.({ bytes: 5, objects: 0 });
    await clock.pass(1);
    tally.done(2, 7);
    tally.retries += 1;
    await clock.pass(10_000);
    runLog.sumUp("inputs staged");
    await clock.pass(60_000);
    expect(lines).toEqual([
      ["moving", { files: 0, bytes: 5, retries: 0, seconds: 10 }],
      ["moving", { files: 2, bytes: 7, retries: 1, seconds: 20 }],
      ["inputs staged", { files: 2, bytes: 7, retries: 1, seconds: 20 }],
    ]);
  });

  test("sums up alone where no progress is asked for", async () => {
    const clock = new FakeClock();
    const { log, lines } = recorder();
    const runLog = new RunLog({ log, clock, tally: new Tally(false), progressMs: 0 });
    await clock.pass(60_000);
    runLog.sumUp("inputs staged");
    expect(lines).toEqual([["inputs staged", { files: 0, bytes: 0, retries: 0, seconds: 60 }]]);
  });
});
