/** The same database by way of PgBouncer, which gives each transaction whichever of its two connections is free. */
import type { Logger } from "@flyte-dataplane/core";
import { type PgBouncer, startPgBouncer, startTestPostgres, type TestPostgres } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { createDatabase, type Database, dynamicStatement, migrate, statement } from "../src/database/index.ts";
import { systemClock } from "../src/lifecycle/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Paths of programs before a database, by the names of `npm run tools`. */
    databasePrograms: Readonly<Record<string, string>>;
  }
}

const program = inject("databasePrograms")["pgbouncer"];
const silent: Logger = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0, child: () => silent };

// Where it is missing: `npm run tools -- --only pgbouncer`.
describe.skipIf(program === undefined)("behind a transaction pooler", () => {
  let postgres: TestPostgres;
  let pooler: PgBouncer;
  const open: Database[] = [];
  const database = (transactionPooler = true, statementTimeoutMs = 0): Database => {
    const opened = createDatabase({
      url: pooler.url,
      directUrl: postgres.url,
      transactionPooler,
      statementTimeoutMs,
      maxConnections: 8,
      clock: systemClock,
      logger: silent,
    });
    open.push(opened);
    return opened;
  };
  beforeAll(async () => {
    postgres = await startTestPostgres();
    pooler = await startPgBouncer({ program: program ?? "", url: postgres.url, poolSize: 2 });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });
  afterAll(async () => {
    await pooler.stop();
    await postgres.stop();
  });

  const one = statement<{ n: number }>("pooler_one", "select $1::int as n");
  const answers = (db: Database) =>
    Promise.allSettled(Array.from({ length: 200 }, (_, n) => db.query(one, [n]))).then((all) =>
      all.map((each) => (each.status === "fulfilled" ? each.value.rows[0]?.n : "failed")),
    );

  test("two hundred statements over eight connections answer as if there were no pooler", async () => {
    expect(await answers(database())).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  test("named statements do break there, which is what the mode is for", async () => {
    expect(await answers(database(false))).toContain("failed");
  });

  test("a notification of a transaction through the pooler reaches a listener past it", async () => {
    const db = database();
    const heard = new Promise<string>((resolve) => {
      void db
        .listen("pooled", { notified: resolve, missed: () => undefined })
        .then(() => db.transaction((transaction) => transaction.notify("pooled", "hello")));
    });
    expect(await heard).toBe("hello");
  });

  test("transactions that take one advisory lock run one after the other", async () => {
    const db = database();
    let inside = 0;
    let most = 0;
    await Promise.all(
      [1, 2].map(() =>
        db.transaction(async (transaction) => {
          await transaction.lock(77n);
          inside += 1;
          most = Math.max(most, inside);
          await transaction.query(one, [1]);
          inside -= 1;
        }),
      ),
    );
    expect(most).toBe(1);
  });

  test("a lock for as long as a process lives has one holder", async () => {
    const [a, b] = [database(), database()];
    const held = await a.tryLock(78n);
    await answers(a);
    expect(held).toBeDefined();
    expect(await b.tryLock(78n)).toBeUndefined();
    await held?.release();
  });

  test("migrations of several processes at once are applied once", async () => {
    const migration = { version: 1, name: "begin", sql: "create table pooled (id int)" };
    const applied = await Promise.all([1, 2, 3].map(() => migrate(database(), "pooled", [migration])));
    expect(applied.flat()).toEqual([1]);
  });

  const running = async (db: Database): Promise<number> =>
    (
      await db.query(
        dynamicStatement("select from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'"),
      )
    ).count;
  const asleep = statement("pooler_sleep", "select pg_sleep(60)");

  test("an aborted statement is cancelled at the server, and nobody else's", async () => {
    const db = database();
    const [abort, other] = [new AbortController(), new AbortController()];
    const slow = db.query(asleep, [], { signal: abort.signal });
    const slower = db.query(asleep, [], { signal: other.signal });
    const watcher = createDatabase({ url: postgres.url, clock: systemClock, logger: silent });
    open.push(watcher);
    while ((await running(watcher)) < 2);
    abort.abort();
    await expect(slow).rejects.toMatchObject({ code: "canceled" });
    expect(await running(watcher)).toBe(1);
    other.abort();
    await expect(slower).rejects.toMatchObject({ code: "canceled" });
    expect((await db.query(one, [5])).rows).toEqual([{ n: 5 }]);
  });

  test("a statement that runs past the limit is given up at the server", async () => {
    const db = database(true, 50);
    await expect(db.query(asleep)).rejects.toMatchObject({ code: "deadline_exceeded" });
    expect(await running(db)).toBe(0);
  });
});
