import { describe, expect, test } from "vitest";
import { createLiveFeed } from "./live-feed.ts";

const never = new AbortController().signal;

describe("the news of an open page", () => {
  test("a part told twice before it is fetched is fetched once, as it was told last", async () => {
    const feed = createLiveFeed<number>(3);
    feed.part("summary", "old");
    feed.part("summary", "new");
    expect((await feed.next(never))?.parts).toEqual(new Map([["summary", "new"]]));
  });

  test("of more lines than a page holds only the newest are kept", async () => {
    const feed = createLiveFeed<number>(3);
    for (let line = 0; line < 100_000; line += 1) feed.line(line);
    expect((await feed.next(never))?.lines).toEqual([99_997, 99_998, 99_999]);
  });

  test("a reader that waits is woken by the first of them", async () => {
    const feed = createLiveFeed<number>(3);
    const next = feed.next(never);
    feed.line(7);
    expect(await next).toEqual({ parts: new Map(), lines: [7] });
  });

  test("what was told before the end is fetched before it", async () => {
    const feed = createLiveFeed<number>(3);
    feed.line(1);
    feed.end();
    expect((await feed.next(never))?.lines).toEqual([1]);
    expect(await feed.next(never)).toBeUndefined();
  });

  test("an error that ends it reaches the reader", async () => {
    const feed = createLiveFeed<number>(3);
    feed.end(new RangeError("broken"));
    await expect(feed.next(never)).rejects.toThrow("broken");
  });

  test("a reader that leaves is let go", async () => {
    const stop = new AbortController();
    const next = createLiveFeed<number>(3).next(stop.signal);
    stop.abort();
    await expect(next).rejects.toMatchObject({ code: "canceled" });
  });
});
