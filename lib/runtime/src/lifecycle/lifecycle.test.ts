import { EventEmitter } from "node:events";
import type { Clock, LogFields, Logger } from "@flyte-dataplane/core";
import { expect, test } from "vitest";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";

function make(clock?: Partial<Clock>) {
  const logged: (LogFields & { message: string })[] = [];
  const log = (fields: LogFields, message: string): void => void logged.push({ ...fields, message });
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  // Time stands still unless a test lets it pass.
  const still: Clock = {
    now: () => 0,
    sleep: (_ms, options) =>
      new Promise((_, reject) => options?.signal?.addEventListener("abort", () => reject(new Error("aborted")))),
  };
  return { logged, lifecycle: createLifecycle({ clock: { ...still, ...clock }, logger, deadlineMs: 1000 }) };
}

function parts(lifecycle: Lifecycle, names: readonly string[]): string[] {
  const order: string[] = [];
  for (const name of names) {
    lifecycle.onStop(name, async () => {
      await Promise.resolve();
      order.push(name);
    });
  }
  return order;
}

test("parts stop in reverse order, each after those that came later", async () => {
  const { lifecycle } = make();
  const order = parts(lifecycle, ["database", "cache", "server"]);
  lifecycle.stop("asked");
  expect(await lifecycle.stopped).toEqual({ reason: "asked", failure: undefined, unfinished: [] });
  expect(order).toEqual(["server", "cache", "database"]);
});

test("a signal aborts the process's signal and stops it; nobody listens afterwards", async () => {
  const { lifecycle } = make();
  const emitter = new EventEmitter();
  lifecycle.onSignals(emitter);
  emitter.emit("SIGTERM");
  expect(lifecycle.signal.aborted).toBe(true);
  expect(await lifecycle.stopped).toMatchObject({ reason: "SIGTERM" });
  await Promise.resolve();
  expect(emitter.listenerCount("SIGINT") + emitter.listenerCount("SIGTERM")).toBe(0);
});

test("a part that never stops is left behind at the deadline, and those before it still get a moment each", async () => {
  const asked: number[] = [];
  const { lifecycle } = make({
    sleep: (ms) => {
      asked.push(ms);
      return new Promise((resolve) => setImmediate(resolve));
    },
  });
  const order = parts(lifecycle, ["lock", "database"]);
  lifecycle.onStop("hung", () => new Promise(() => undefined));
  lifecycle.onStop("stuck", () => new Promise(() => undefined));
  lifecycle.stop("asked");
  expect(await lifecycle.stopped).toMatchObject({ unfinished: ["stuck", "hung"] });
  expect(order).toEqual(["database", "lock"]);
  expect(asked).toEqual([1000, 2000, 2000, 2000]);
});

test("a second signal stops waiting", async () => {
  const { lifecycle } = make();
  const emitter = new EventEmitter();
  lifecycle.onSignals(emitter);
  lifecycle.onStop("stuck", () => new Promise(() => undefined));
  emitter.emit("SIGINT");
  emitter.emit("SIGINT");
  expect(await lifecycle.stopped).toMatchObject({ reason: "SIGINT", unfinished: ["stuck"] });
});

test("a part that fails to stop does not keep the others from stopping", async () => {
  const { lifecycle, logged } = make();
  const order = parts(lifecycle, ["database"]);
  lifecycle.onStop("broken", () => Promise.reject(new Error("no")));
  lifecycle.stop("asked");
  expect(await lifecycle.stopped).toMatchObject({ unfinished: [] });
  expect(order).toEqual(["database"]);
  expect(logged).toContainEqual(expect.objectContaining({ part: "broken", message: "part did not stop cleanly" }));
});

test("a loop runs until its turn to stop comes, and its end is waited for", async () => {
  const { lifecycle } = make();
  const events: string[] = [];
  lifecycle.loop("relay", async (signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await Promise.resolve();
    events.push("relay ended");
  });
  lifecycle.onStop("server", () => void events.push("server stopped"));
  lifecycle.stop("asked");
  await lifecycle.stopped;
  expect(events).toEqual(["server stopped", "relay ended"]);
});

test("a loop that fails stops the process as failed, and is logged once", async () => {
  const { lifecycle, logged } = make();
  const failure = new Error("no");
  lifecycle.loop("relay", () => Promise.reject(failure));
  expect(await lifecycle.stopped).toMatchObject({ reason: "relay failed", failure });
  expect(logged.filter((line) => line["loop"] === "relay")).toHaveLength(1);
});
