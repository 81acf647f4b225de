import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { keepAlive } from "./keep-alive.ts";

const nothing: AsyncIterable<string> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
};

test("a reader who is slow to take a beat costs no more looks at the clock than one who waits", async () => {
  let now = 0;
  let pass: () => void = () => undefined;
  const slept: number[] = [];
  const clock = {
    now: () => now,
    sleep: (ms: number) => {
      slept.push(ms);
      return new Promise<void>((resolve) => {
        pass = () => {
          now += ms;
          resolve();
        };
      });
    },
  };
  const stream = keepAlive(nothing, { clock, beatMs: 1000, beat: "beat", idleMs: 0 })[Symbol.asyncIterator]();
  const beat = stream.next();
  pass();
  expect(await beat).toEqual({ done: false, value: "beat" });
  slept.length = 0;
  for (let times = 0; times < 3; times += 1) {
    pass();
    await setImmediate();
  }
  expect(slept).toEqual([1000, 1000, 1000]);
});
