/** What a statement may cost: time, tries, and the patience with a server that is silent. */
import type { Clock, Logger } from "@flyte-dataplane/core";
import { startTestPostgres, type TestPostgres } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  createDatabase,
  createMissingDatabase,
  type Database,
  type DatabaseOptions,
  dynamicStatement,
} from "../src/database/index.ts";
import { systemClock } from "../src/lifecycle/index.ts";
import { openLine } from "./silent-line.ts";

const silent: Logger = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0, child: () => silent };
let postgres: TestPostgres;
const open: Database[] = [];
const database = (options: Partial<DatabaseOptions> = {}): Database => {
  const opened = createDatabase({ url: postgres.url, clock: systemClock, logger: silent, ...options });
  open.push(opened);
  return opened;
};
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});
afterAll(() => postgres.stop());

/** Every sleep is over at once, and its length is kept. */
function hastyClock(): Clock & { readonly slept: readonly number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => Date.now(),
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
  };
}

/** Time passes when the test says so: for those who sleep as long as that, once there are any. */
function steppedClock(): Clock & { pass(ms: number): Promise<void>; reached(ms: number): Promise<void> } {
  const sleepers = new Set<{ readonly ms: number; wake(): void }>();
  let added: () => void = () => undefined;
  let now = 0;
  return {
    now: () => now,
    sleep: (ms, { signal } = {}) =>
      new Promise((resolve, reject) => {
        const sleeper = { ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(new Error("aborted"));
        });
        added();
      }),
    reached: async (ms) => {
      while (![...sleepers].some((sleeper) => sleeper.ms === ms))
        await new Promise<void>((resolve) => (added = resolve));
    },
    pass: async (ms) => {
      const due = () => [...sleepers].filter((sleeper) => sleeper.ms <= ms);
      while (due().length === 0) await new Promise<void>((resolve) => (added = resolve));
      now += ms;
      for (const sleeper of due()) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}

const asleep = dynamicStatement("select pg_sleep(60)");
const one = dynamicStatement<{ n: number }>("select 1 as n");

test("a statement past the limit is given up at the server, and its place in the pool is free again", async () => {
  const db = database({ statementTimeoutMs: 50, maxConnections: 1 });
  await expect(db.query(asleep)).rejects.toMatchObject({ code: "deadline_exceeded" });
  const { count } = await db.query(
    dynamicStatement("select from pg_stat_activity where query like 'select pg_sleep%'"),
  );
  expect(count).toBe(0);
});

test("a transaction whose statement passed the limit is undone", async () => {
  const db = database({ statementTimeoutMs: 50 });
  await db.query(dynamicStatement("create table begun (n int)"));
  const late = db.transaction(async (transaction) => {
    await transaction.query(dynamicStatement("insert into begun values (1)"));
    await transaction.query(asleep);
  });
  await expect(late).rejects.toMatchObject({ code: "deadline_exceeded" });
  expect((await db.query(dynamicStatement("select from begun"))).count).toBe(0);
});

test("what is said to have no limit has none", async () => {
  const db = database({ statementTimeoutMs: 20 });
  const { count } = await db.query(dynamicStatement("select pg_sleep(0.2)"), [], { unlimited: true });
  expect(count).toBe(1);
});

test("a statement that an operator cancels is worth another try", async () => {
  const db = database();
  const cancel = dynamicStatement(
    "select pg_cancel_backend(pid) from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'",
  );
  const cancelOnceActive = async (): Promise<void> => {
    while ((await db.query(cancel)).count === 0);
  };
  await Promise.all([
    expect(db.query(asleep)).rejects.toMatchObject({ code: "deadline_exceeded" }),
    cancelOnceActive(),
  ]);
});

test("a line that falls silent under a statement ends it once the server had time to answer", async () => {
  const line = await openLine(postgres.url);
  const clock = hastyClock();
  const db = database({ url: line.url, clock, maxConnections: 2, connectTimeoutMs: 200 });
  expect((await db.query(one)).rows).toEqual([{ n: 1 }]);
  const abort = new AbortController();
  const lost = db.query(asleep, [], { signal: abort.signal });
  const active = dynamicStatement(
    "select from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'",
  );
  while ((await database().query(active)).count === 0);
  line.fallSilent();
  abort.abort();
  await expect(lost).rejects.toMatchObject({ code: "canceled" });
  expect(clock.slept).toEqual([5000]);
  await expect(db.query(one)).rejects.toMatchObject({ code: "unavailable" });
  await line.close();
}, 20_000);

test("a listener behind a line that fell silent is told that it missed something, once the line is mended", async () => {
  const line = await openLine(postgres.url);
  const clock = steppedClock();
  const db = database({ url: line.url, clock });
  const events: string[] = [];
  let wake: () => void = () => undefined;
  const next = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const heard = (event: string): void => {
    events.push(event);
    wake();
  };
  await db.listen("silent", { notified: heard, missed: () => heard("missed") });
  line.fallSilent();
  line.mend();
  const told = next();
  // Every half minute the connection is asked whether it lives, and has ten seconds to say so; then it is made anew.
  for (const ms of [30_000, 10_000, 100]) await clock.pass(ms);
  await told;
  const again = next();
  await db.transaction((transaction) => transaction.notify("silent", "hello"));
  await again;
  expect(events).toEqual(["missed", "hello"]);
  await line.close();
});

test("a listener whose new line falls silent before it is asked for anything gives that one up, and tries another", async () => {
  const line = await openLine(postgres.url);
  const clock = steppedClock();
  const db = database({ url: line.url, clock });
  let missed: () => void = () => undefined;
  const told = new Promise<void>((resolve) => (missed = resolve));
  await db.listen("half-open", { notified: () => undefined, missed });
  line.fallSilent();
  // What it reconnects to is silent from the moment that it could be asked.
  line.fallSilentOnceReady();
  for (const ms of [30_000, 10_000, 100]) await clock.pass(ms);
  // The wait for the answer to LISTEN; then another try, on a line that works.
  await clock.reached(10_000);
  line.mend();
  for (const ms of [10_000, 1000]) await clock.pass(ms);
  await told;
  await line.close();
});

test("a transaction that can never be ordered is tried five times, after random waits that may double", async () => {
  const clock = hastyClock();
  const db = database({ clock });
  let runs = 0;
  const never = db.transaction(async (transaction) => {
    runs += 1;
    await transaction.query(dynamicStatement("do $$ begin raise sqlstate '40001'; end $$"));
  });
  await expect(never).rejects.toMatchObject({ code: "aborted" });
  expect(runs).toBe(5);
  expect(clock.slept).toHaveLength(4);
  clock.slept.forEach((ms, index) => expect(ms).toBeLessThanOrEqual(10 * 2 ** index));
});

test("a statement outside a transaction is not run again", async () => {
  const db = database();
  await db.query(dynamicStatement("create sequence runs"));
  const once = db.query(dynamicStatement("do $$ begin perform nextval('runs'); raise sqlstate '40001'; end $$"));
  await expect(once).rejects.toMatchObject({ code: "aborted" });
  expect((await db.query(dynamicStatement("select last_value from runs"))).rows).toEqual([{ last_value: 1n }]);
});

test("a database that the server lacks is made once, however many want it", async () => {
  const url = postgres.url.replace("/postgres?", "/Runs%20of%20ours?");
  const made = await Promise.all([1, 2, 3].map(() => createMissingDatabase(url)));
  expect(made.filter(Boolean)).toHaveLength(1);
  expect(await createMissingDatabase(url)).toBe(false);
  const { rows } = await database({ url }).query(dynamicStatement("select current_database() as name"));
  expect(rows).toEqual([{ name: "Runs of ours" }]);
});

test("a server that is not there is no reason to make a database", async () => {
  const nowhere = createMissingDatabase("postgresql://x@localhost/x?host=/nowhere");
  await expect(nowhere).rejects.toMatchObject({ code: "unavailable" });
});
