import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { abortError, type Clock, type Logger } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { type ActionEvent, ActionEventSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createEventOutbox, type EventOutbox } from "./outbox.ts";

const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};
const metrics = {
  counter: () => ({ add: () => undefined }),
  gauge: () => ({ set: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
};

/** Time that passes when a test says so. */
class TestClock implements Clock {
  #nowMs = 0;
  readonly #sleepers = new Map<() => void, number>();
  now(): number {
    return this.#nowMs;
  }
  sleep(ms: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.set(resolve, this.#nowMs + ms);
      signal?.addEventListener("abort", () => reject(abortError(signal)), { once: true });
    });
  }
  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const [wake, dueMs] of this.#sleepers) {
      if (dueMs > this.#nowMs) continue;
      this.#sleepers.delete(wake);
      wake();
    }
    await settle();
  }
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const event = (name: string, version = 0): ActionEvent =>
  create(ActionEventSchema, { id: { name }, attempt: 1, phase: ActionPhase.QUEUED, version });

let clock: TestClock;
let outbox: EventOutbox;
let answer: (events: readonly ActionEvent[]) => void;
let batches: string[][];
let running: AbortController;
let ended: Promise<void>;

beforeEach(async () => {
  clock = new TestClock();
  batches = [];
  answer = () => undefined;
  const events = {
    record: async (request: { readonly events?: readonly ActionEvent[] }) => {
      const given = request.events ?? [];
      answer(given);
      batches.push(given.map(({ id, version }) => `${id?.name ?? ""} v${version}`));
    },
  };
  const config = { maxBatch: 400, maxDelay: 25, timeout: 30_000, terminalLag: 600_000 };
  outbox = createEventOutbox({ events: events as never, config, clock, logger: quiet, metrics });
  running = new AbortController();
  ended = outbox.run(running.signal);
  await settle();
});

afterEach(async () => {
  running.abort();
  await ended;
});

test("400 events go in one call as soon as they are there, one alone when its time has come [controller 96]", async () => {
  for (let at = 0; at < 400; at += 1) outbox.offer(event(`a${at}`));
  await settle();
  expect(batches.map(({ length }) => length)).toEqual([400]);
  outbox.offer(event("b"));
  await settle();
  expect(batches).toHaveLength(1);
  await clock.advance(25);
  expect(batches[1]).toEqual(["b v0"]);
});

test("an event that a pass waits for goes at once and takes along what was there before it", async () => {
  outbox.offer(event("a"));
  await settle();
  expect(batches).toEqual([]);
  outbox.offer(event("b"), { awaited: true });
  await settle();
  expect(batches).toEqual([["a v0", "b v0"]]);
});

test("an event that waits already goes at once when a pass begins to wait for it", async () => {
  outbox.offer(event("a"));
  await settle();
  outbox.offer(event("a"), { awaited: true });
  await settle();
  expect(batches).toEqual([["a v0"]]);
});

test("one event that is refused does not hold up the others of its batch [controller 95]", async () => {
  answer = (events) => {
    if (events.some(({ id }) => id?.name === "bad")) throw new ConnectError("no", Code.InvalidArgument);
  };
  const tickets = ["a", "b", "bad", "c", "d"].map((name) => outbox.offer(event(name)));
  await clock.advance(25);
  await Promise.all(tickets.map(({ settled }) => settled));
  expect(batches.flat()).toEqual(["a v0", "b v0", "c v0", "d v0"]);
  expect(outbox.depth).toBe(0);
});

test("events keep their order through an outage and arrive once", async () => {
  let down = true;
  answer = () => {
    if (down) throw new ConnectError("down", Code.Unavailable);
  };
  outbox.offer(event("a", 0));
  await clock.advance(25);
  outbox.offer(event("a", 1));
  await clock.advance(60_000);
  outbox.offer(event("a", 2));
  expect(batches).toEqual([]);
  down = false;
  await clock.advance(10_000);
  await clock.advance(10_000);
  expect(batches.flat()).toEqual(["a v0", "a v1", "a v2"]);
});

test("an event offered twice while it waits goes out once", async () => {
  expect(outbox.offer(event("a"))).toBe(outbox.offer(event("a")));
  await clock.advance(25);
  expect(batches).toEqual([["a v0"]]);
});

test("what waits at the end is delivered before the outbox stops", async () => {
  const { settled } = outbox.offer(event("a"));
  running.abort();
  await ended;
  await settled;
  expect(batches).toEqual([["a v0"]]);
});

test("all that waits at the end is delivered before the outbox stops, however many batches it takes", async () => {
  answer = () => {
    throw new ConnectError("down", Code.Unavailable);
  };
  const tickets = Array.from({ length: 1_001 }, (_, at) => outbox.offer(event(`a${at}`)));
  await settle();
  answer = () => undefined;
  running.abort();
  await ended;
  await Promise.all(tickets.map(({ settled }) => settled));
  expect(batches.map(({ length }) => length)).toEqual([400, 400, 201]);
});
