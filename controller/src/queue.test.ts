import { abortError, type Clock } from "@flyte-dataplane/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKeyedQueue, type KeyedQueue, priorities } from "./queue.ts";

class TestClock implements Clock {
  nowMs = 0;
  readonly sleepers = new Map<() => void, number>();
  now(): number {
    return this.nowMs;
  }
  sleep(ms: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.sleepers.set(resolve, this.nowMs + ms);
      signal?.addEventListener("abort", () => reject(abortError(signal)), { once: true });
    });
  }
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

let clock: TestClock;
let queue: KeyedQueue;
let handled: string[];
let hold: Map<string, () => void>;
let fail: Set<string>;
let running: AbortController;
let ended: Promise<void>;

const advance = async (ms: number): Promise<void> => {
  clock.nowMs += ms;
  for (const [wake, due] of clock.sleepers) if (due <= clock.nowMs) wake();
  await settle();
};

const start = (workers: number): void => {
  queue = createKeyedQueue({ clock, workers, backoff: (failures) => 100 * 2 ** (failures - 1) });
  ended = queue.run(async (key) => {
    handled.push(key);
    if (hold.has(key)) await new Promise<void>((resolve) => hold.set(key, resolve));
    if (fail.has(key)) throw new Error("no");
  }, running.signal);
};

beforeEach(() => {
  clock = new TestClock();
  handled = [];
  hold = new Map();
  fail = new Set();
  running = new AbortController();
});

afterEach(async () => {
  for (const release of hold.values()) release();
  running.abort();
  await ended;
});

test("a key is handled by one worker at a time; what is added meanwhile runs once afterwards", async () => {
  start(4);
  hold.set("a", () => undefined);
  queue.add("a", priorities.fresh);
  await settle();
  for (let times = 0; times < 3; times += 1) queue.add("a", priorities.transition);
  await settle();
  expect(handled).toEqual(["a"]);
  const release = hold.get("a");
  hold.delete("a");
  release?.();
  await settle();
  expect(handled).toEqual(["a", "a"]);
});

test("deletions come before transitions, these before new keys, these before timers", async () => {
  start(1);
  hold.set("busy", () => undefined);
  queue.add("busy", priorities.fresh);
  await settle();
  queue.add("timer", priorities.timer);
  queue.add("new", priorities.fresh);
  queue.add("pod", priorities.transition);
  queue.add("gone", priorities.deletion);
  hold.get("busy")?.();
  await settle();
  expect(handled).toEqual(["busy", "gone", "pod", "new", "timer"]);
});

test("a later time never postpones an earlier one, and a delayed key waits for its time", async () => {
  start(1);
  queue.add("a", priorities.timer, 500);
  queue.add("a", priorities.timer, 5_000);
  await advance(499);
  expect(handled).toEqual([]);
  await advance(1);
  expect(handled).toEqual(["a"]);
  await advance(10_000);
  expect(handled).toEqual(["a"]);
});

test("a failing key comes back after growing delays, which success or forgetting resets", async () => {
  start(1);
  fail.add("a");
  queue.add("a", priorities.fresh);
  await settle();
  await advance(100);
  await advance(199);
  expect(handled).toHaveLength(2);
  await advance(1);
  expect(handled).toHaveLength(3);
  queue.forget("a");
  await advance(10_000);
  expect(handled).toHaveLength(3);
  queue.add("a", priorities.fresh);
  await settle();
  await advance(100);
  expect(handled).toHaveLength(5);
});

test("stopping waits for what is under way and starts nothing more", async () => {
  start(1);
  hold.set("a", () => undefined);
  queue.add("a", priorities.fresh);
  await settle();
  queue.add("b", priorities.fresh);
  running.abort();
  let stopped = false;
  ended.then(
    () => (stopped = true),
    () => undefined,
  );
  await settle();
  expect(stopped).toBe(false);
  hold.get("a")?.();
  await ended;
  expect(handled).toEqual(["a"]);
});
