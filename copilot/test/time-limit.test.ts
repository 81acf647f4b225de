import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { timeLimit } from "../src/time-limit.ts";

/** Collects all garbage, weakly held signals too. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round++) {
    collect();
    await turn();
  }
}

describe("a time limit", () => {
  it("that may also be ended otherwise still ends after garbage was collected", async () => {
    const other = new AbortController();
    const signal = timeLimit(200, other.signal);
    if (signal === undefined) throw new Error("there is a limit");
    const ended = once(signal, "abort");
    // Its timer does not keep a process alive.
    const staying = setInterval(() => undefined, 1000);
    await collectGarbage();
    await ended;
    clearInterval(staying);
    expect(signal.reason).toMatchObject({ name: "TimeoutError" });
  });

  it("ends with the other signal, also one that has aborted already, and for its reason", () => {
    const other = new AbortController();
    const signal = timeLimit(60_000, other.signal);
    const reason = new Error("terminated");
    other.abort(reason);
    expect(signal?.reason).toBe(reason);
    expect(timeLimit(60_000, other.signal)?.reason).toBe(reason);
  });

  it("of nothing, or of more than a timer holds, is none", () => {
    const other = new AbortController();
    expect(timeLimit(0)).toBeUndefined();
    expect(timeLimit(2 ** 31, other.signal)).toBe(other.signal);
  });
});
