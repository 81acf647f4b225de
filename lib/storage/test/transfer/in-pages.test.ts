import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { atOnce } from "../../src/transfer/at-once.ts";
import { InPages } from "../../src/transfer/in-pages.ts";

async function* pagesOf(sizes: readonly number[]): AsyncGenerator<readonly number[], void, undefined> {
  let item = 0;
  for (const size of sizes) {
    await turn();
    yield Array.from({ length: size }, () => item++);
  }
}

const limit = (): number => 16;

describe("items in pages", () => {
  it("are each given once, to more lanes than a page has items, past pages without any", async () => {
    const done: number[] = [];
    await atOnce(
      () => new InPages(pagesOf([1, 0, 3, 0, 0, 40, 1, 2])),
      { limit, signal: undefined },
      async (item) => {
        await turn();
        done.push(item);
      },
    );
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 47 }, (_, index) => index));
  });

  it("are at hand without a promise while their page lasts", async () => {
    const items = new InPages(pagesOf([2, 1]));
    expect(await items.next()).toEqual({ done: false, value: 0 });
    expect(items.next()).toEqual({ done: false, value: 1 });
    expect(items.next()).toBeInstanceOf(Promise);
    expect(await Promise.all([items.next(), items.next()])).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  it("end for all who wait when the next page fails", async () => {
    async function* broken(): AsyncGenerator<readonly number[], void, undefined> {
      yield await Promise.resolve([1]);
      throw new Error("no more pages");
    }
    const done: number[] = [];
    const work = (item: number): Promise<void> => Promise.resolve(void done.push(item));
    await expect(atOnce(() => new InPages(broken()), { limit, signal: undefined }, work)).rejects.toThrow("no more");
    expect(done).toEqual([1]);
  });

  it("tell whoever gives the pages when nobody wants the rest", async () => {
    let told = false;
    async function* endless(): AsyncGenerator<readonly number[], void, undefined> {
      try {
        for (;;) yield await Promise.resolve([1, 2]);
      } finally {
        told = true;
      }
    }
    const work = (): Promise<void> => Promise.reject(new Error("at once"));
    await expect(atOnce(() => new InPages(endless()), { limit, signal: undefined }, work)).rejects.toThrow("at once");
    expect(told).toBe(true);
  });
});
