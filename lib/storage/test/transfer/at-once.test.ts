import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { DataPlaneError } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { atOnce } from "../../src/transfer/at-once.ts";

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const limit = (): number => 4;

describe("work at once", () => {
  it("is done for every item, in no larger number than the limit", async () => {
    const done: number[] = [];
    let running = 0;
    let most = 0;
    await atOnce(
      () => upTo(50),
      { limit, signal: undefined },
      async (item) => {
        running += 1;
        most = Math.max(most, running);
        await turn();
        running -= 1;
        done.push(item);
      },
    );
    expect(done.toSorted((a, b) => a - b)).toEqual(upTo(50));
    expect(most).toBe(4);
  });

  it("forgets no item that one lane has in hand when another sees the end", async () => {
    async function* late(): AsyncGenerator<number, void, undefined> {
      for (const item of upTo(7)) {
        await turn();
        yield item;
      }
    }
    for (let lanes = 1; lanes <= 9; lanes++) {
      const done: number[] = [];
      await atOnce(late, { limit: () => lanes, signal: undefined }, async (item) => {
        await turn();
        done.push(item);
      });
      expect(done.toSorted((a, b) => a - b)).toEqual(upTo(7));
    }
  });

  it("is done for every item, too, where all lanes look at a limit that fell in the same turn", async () => {
    const done: number[] = [];
    const together = turn();
    await atOnce(
      () => upTo(12),
      { limit: () => (done.length === 0 ? 4 : 1), signal: undefined },
      async (item) => {
        await together;
        done.push(item);
      },
    );
    expect(done.toSorted((a, b) => a - b)).toEqual(upTo(12));
  });

  it("follows a limit that changes on the way", async () => {
    let now = 1;
    let running = 0;
    const seen: number[] = [];
    await atOnce(
      () => upTo(40),
      { limit: () => now, signal: undefined },
      async (item) => {
        running += 1;
        seen.push(running);
        if (item === 10) now = 6;
        if (item === 25) now = 2;
        await turn();
        running -= 1;
      },
    );
    expect(Math.max(...seen.slice(0, 10))).toBe(1);
    expect(Math.max(...seen)).toBe(6);
    expect(Math.max(...seen.slice(-5))).toBeLessThanOrEqual(2);
  });

  it("ends with the first failure after the rest has settled, and reports no consequence of it", async () => {
    let running = 0;
    const reported: unknown[] = [];
    let begun = 0;
    const work = async (item: number, signal: AbortSignal): Promise<void> => {
      begun += 1;
      running += 1;
      try {
        await turn();
        if (item === 2) throw new DataPlaneError("not_found", "two");
        if (!signal.aborted) await once(signal, "abort");
        throw new DataPlaneError("canceled", "canceled");
      } finally {
        running -= 1;
      }
    };
    const onFailure = (item: number): void => void reported.push(item);
    await expect(atOnce(() => upTo(50), { limit, signal: undefined, onFailure }, work)).rejects.toThrow("two");
    expect({ running, begun, reported }).toEqual({ running: 0, begun: 4, reported: [2] });
  });

  it("ends with the failure of whoever gives the items", async () => {
    async function* broken(): AsyncGenerator<number, void, undefined> {
      yield await Promise.resolve(1);
      throw new DataPlaneError("unavailable", "no more items");
    }
    await expect(atOnce(broken, { limit, signal: undefined }, () => Promise.resolve())).rejects.toThrow("no more");
  });

  it("does not wait for items that stay away after a failure", async () => {
    async function* silent(signal: AbortSignal): AsyncGenerator<number, void, undefined> {
      yield 1;
      await once(signal, "abort");
    }
    const work = (): Promise<void> => Promise.reject(new DataPlaneError("internal", "at once"));
    await expect(atOnce(silent, { limit, signal: undefined }, work)).rejects.toThrow("at once");
  });

  it("tells whoever gives the items when it leaves early", async () => {
    let told = false;
    async function* items(): AsyncGenerator<number, void, undefined> {
      try {
        for (;;) yield await Promise.resolve(1);
      } finally {
        told = true;
      }
    }
    const work = (): Promise<void> => Promise.reject(new DataPlaneError("internal", "at once"));
    await expect(atOnce(items, { limit, signal: undefined }, work)).rejects.toThrow("at once");
    expect(told).toBe(true);
  });

  it("ends with an abort from outside, before the first item or among them", async () => {
    const never = (): Promise<void> => Promise.reject(new Error("not to be begun"));
    await expect(atOnce(() => [1], { limit, signal: AbortSignal.abort() }, never)).rejects.toMatchObject({
      code: "canceled",
    });
    const stop = new AbortController();
    const work = async (item: number, signal: AbortSignal): Promise<void> => {
      if (item === 5) stop.abort();
      await turn();
      if (signal.aborted) throw new DataPlaneError("canceled", "canceled");
    };
    await expect(atOnce(() => upTo(50), { limit, signal: stop.signal }, work)).rejects.toMatchObject({
      code: "canceled",
    });
  });
});
