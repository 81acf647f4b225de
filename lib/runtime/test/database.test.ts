import type { Logger } from "@flyte-dataplane/core";
import { startTestPostgres, type TestPostgres } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  createDatabase,
  type Database,
  dynamicStatement,
  migrate,
  pendingMigrations,
  statement,
} from "../src/database/index.ts";
import { systemClock } from "../src/lifecycle/index.ts";

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};
let postgres: TestPostgres;
const open: Database[] = [];

function database(options: { maxConnections?: number; transactionPooler?: boolean } = {}): Database {
  const opened = createDatabase({ url: postgres.url, clock: systemClock, logger: silent, ...options });
  open.push(opened);
  return opened;
}

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});
afterAll(() => postgres.stop());

const one = statement<{ n: number }>("test_one", "select $1::int as n");

async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "no error",
    (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "not ours"),
  );
}

describe("statements", () => {
  test("a named statement is prepared once per connection", async () => {
    const db = database({ maxConnections: 1 });
    for (let n = 0; n < 3; n += 1) await db.query(one, [n]);
    const prepared = await db.query(
      statement<{ name: string }>("test_prepared", "select name from pg_prepared_statements"),
    );
    expect(prepared.rows.map((row) => row.name).sort()).toEqual(["test_one", "test_prepared"]);
  });

  test("no statement is prepared by name behind a transaction pooler", async () => {
    const db = database({ maxConnections: 1, transactionPooler: true });
    await db.query(one, [1]);
    const prepared = await db.query(
      dynamicStatement<{ name: string }>("select name from pg_prepared_statements where name <> ''"),
    );
    expect(prepared.count).toBe(0);
  });

  test("values come back as they went in", async () => {
    const text =
      "select $1::bigint as big, $2::bytea as bytes, $3::jsonb as json, $4::text[] as texts, $5::timestamptz as time, $6::bigint[] as bigs";
    const at = new Date("2026-02-03T04:05:06.789Z");
    const { rows } = await database().query(statement<Record<string, unknown>>("test_values", text), [
      9_223_372_036_854_775_807n,
      new Uint8Array([0, 255]),
      { a: [1, null] },
      ["x", 'y"'],
      at,
      [1n, -2n],
    ]);
    expect(rows).toEqual([
      {
        big: 9_223_372_036_854_775_807n,
        bytes: Buffer.from([0, 255]),
        json: { a: [1, null] },
        texts: ["x", 'y"'],
        time: at,
        bigs: [1n, -2n],
      },
    ]);
  });

  test.each([
    { name: "a unique violation", sql: "insert into kept values (1)", code: "already_exists" },
    { name: "a null where none may be", sql: "insert into kept values (null)", code: "failed_precondition" },
    { name: "a value that is no number", sql: "select 'x'::int", code: "invalid_argument" },
    { name: "a syntax error", sql: "selec", code: "internal" },
  ])("$name is refused as $code", async ({ sql, code }) => {
    const db = database();
    await db.query(
      dynamicStatement(
        "create table if not exists kept (id int primary key); insert into kept values (1) on conflict do nothing",
      ),
    );
    expect(await refusal(db.query(dynamicStatement(sql)))).toBe(code);
  });

  test("an aborted statement is cancelled at the server and its connection does not serve the next caller", async () => {
    const db = database({ maxConnections: 1 });
    const abort = new AbortController();
    const slow = db.query(statement("test_sleep", "select pg_sleep(60)"), [], { signal: abort.signal });
    const running = dynamicStatement<{ n: bigint }>(
      "select count(*) as n from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'",
    );
    const watcher = database({ maxConnections: 1 });
    while ((await watcher.query(running)).rows[0]?.n !== 1n);
    abort.abort();
    expect(await refusal(slow)).toBe("canceled");
    expect((await watcher.query(running)).rows[0]?.n).toBe(0n);
    expect((await db.query(one, [7])).rows).toEqual([{ n: 7 }]);
  });
});

describe("transactions", () => {
  test("a rejected body leaves nothing behind", async () => {
    const db = database();
    await db.query(dynamicStatement("create table if not exists rolled (id int)"));
    const failed = db.transaction(async (transaction) => {
      await transaction.query(dynamicStatement("insert into rolled values (1)"));
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect((await db.query(dynamicStatement("select 1 from rolled"))).count).toBe(0);
  });

  test("a body that caught the error of a statement is told that nothing was kept", async () => {
    const db = database();
    await db.query(dynamicStatement("create table if not exists caught (id int primary key)"));
    const failed = db.transaction(async (transaction) => {
      await transaction.query(dynamicStatement("insert into caught values (1)"));
      await transaction.query(dynamicStatement("insert into caught values (1)")).catch(() => undefined);
    });
    await expect(failed).rejects.toThrow("nothing was kept");
    expect((await db.query(dynamicStatement("select 1 from caught"))).count).toBe(0);
  });

  test("two serializable transactions that cannot be ordered both commit, one of them run again", async () => {
    const db = database();
    await db.query(
      dynamicStatement(
        "create table if not exists counters (id int primary key, n int); insert into counters values (1, 0), (2, 0)",
      ),
    );
    let runs = 0;
    let arrived = 0;
    let release: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    const add = (to: number) =>
      db.transaction(
        async (transaction) => {
          runs += 1;
          const { rows } = await transaction.query(
            dynamicStatement<{ total: bigint }>("select sum(n) as total from counters"),
          );
          arrived += 1;
          if (arrived === 2) release();
          await both;
          await transaction.query(statement("test_add", "update counters set n = $1::int + 1 where id = $2"), [
            Number(rows[0]?.total),
            to,
          ]);
        },
        { isolation: "serializable" },
      );
    await Promise.all([add(1), add(2)]);
    expect(runs).toBeGreaterThan(2);
    const { rows } = await db.query(dynamicStatement<{ n: number }>("select n from counters order by n"));
    expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describe("notifications", () => {
  test("a listener hears what is committed after listen resolved, and nothing that was rolled back", async () => {
    const db = database();
    const heard: string[] = [];
    let wake: () => void = () => undefined;
    const last = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const subscription = await db.listen("Odd name", {
      notified: (payload) => {
        heard.push(payload);
        if (payload === "last") wake();
      },
      missed: () => heard.push("missed"),
    });
    await db.transaction((transaction) => transaction.notify("Odd name", "first"));
    await db
      .transaction(async (transaction) => {
        await transaction.notify("Odd name", "never");
        throw new Error("no");
      })
      .catch(() => undefined);
    await db.transaction((transaction) => transaction.notify("Odd name", "last"));
    await last;
    expect(heard).toEqual(["first", "last"]);
    subscription.close();
  });

  test("after the server restarted every listener is told it may have missed something, and hears again", async () => {
    const db = database();
    const events: string[] = [];
    let wake: () => void = () => undefined;
    const next = () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      });
    await db.listen("again", {
      notified: (payload) => {
        events.push(payload);
        wake();
      },
      missed: () => {
        events.push("missed");
        wake();
      },
    });
    const told = next();
    await postgres.restart();
    await told;
    const heard = next();
    await db.transaction((transaction) => transaction.notify("again", "hello"));
    await heard;
    expect(events).toEqual(["missed", "hello"]);
  });
});

describe("locks", () => {
  test("a lock has one holder until it is released", async () => {
    const [a, b] = [database(), database()];
    const held = await a.tryLock(7n);
    expect(held).toBeDefined();
    expect(await b.tryLock(7n)).toBeUndefined();
    await held?.release();
    const second = await b.tryLock(7n);
    expect(second).toBeDefined();
    expect(held?.lost.aborted).toBe(false);
    await second?.release();
  });

  test("the holder is told when the connection that holds the lock dies", async () => {
    const db = database();
    const held = await db.tryLock(8n);
    if (held === undefined) throw new Error("not held");
    const lost = new Promise((resolve) => held.lost.addEventListener("abort", resolve));
    await db.query(dynamicStatement("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"));
    await lost;
    await held.release();
  });
});

describe("migrations", () => {
  const first = { version: 1, name: "begin", sql: "create table things (id int); insert into things values (1)" };
  const second = { version: 2, name: "add-name", sql: "alter table things add column name text" };

  test("each is applied once, even when several processes start at once", async () => {
    const owners = await Promise.all([1, 2, 3].map(() => migrate(database(), "once", [first, second])));
    expect(owners.filter((applied) => applied.length > 0)).toEqual([[1, 2]]);
    expect((await database().query(dynamicStatement("select * from things"))).rows).toEqual([{ id: 1, name: null }]);
  });

  test("a text that changed after it was applied is refused", async () => {
    const db = database();
    await migrate(db, "changed", [{ ...first, sql: "select 1" }]);
    await expect(migrate(db, "changed", [{ ...first, sql: "select 2" }])).rejects.toThrow("its text differs");
  });

  test("a database newer than the program is refused", async () => {
    const db = database();
    await migrate(db, "newer", [
      { ...first, sql: "select 1" },
      { ...second, sql: "select 2" },
    ]);
    await expect(migrate(db, "newer", [{ ...first, sql: "select 1" }])).rejects.toThrow("newer than this program");
  });

  test("what is still to be applied is told without applying it", async () => {
    const db = database();
    expect(await pendingMigrations(db, "pending", [{ ...first, sql: "select 1" }])).toEqual([1]);
    await migrate(db, "pending", [{ ...first, sql: "select 1" }]);
    const both = [
      { ...first, sql: "select 1" },
      { ...second, sql: "select 2" },
    ];
    expect(await pendingMigrations(db, "pending", both)).toEqual([2]);
    await expect(pendingMigrations(db, "pending", [{ ...first, sql: "select 3" }])).rejects.toThrow("its text differs");
  });

  test("the first waits until the reference has changed its tables", async () => {
    const [db, reference] = [database(), database()];
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const order: string[] = [];
    let migrated: Promise<unknown> | undefined;
    await reference.transaction(async (transaction) => {
      await transaction.lock(5432n);
      migrated = migrate(db, "beside", [{ ...first, sql: "select 1" }]).then(() => order.push("ours"));
      const waiting = dynamicStatement("select from pg_locks where locktype = 'advisory' and not granted");
      const wait = async (): Promise<void> => {
        while ((await reference.query(waiting)).count === 0);
        order.push("reference");
        release();
      };
      await Promise.all([released, wait()]);
    });
    await migrated;
    expect(order).toEqual(["reference", "ours"]);
  });

  test("one is applied after a while though the reference has forgotten to unlock", async () => {
    const reference = database();
    const leaked = await reference.tryLock(5432n);
    const options = { referenceWaitMs: 50 };
    expect(await migrate(database(), "forgotten", [{ ...first, sql: "select 1" }], options)).toEqual([1]);
    await leaked?.release();
  });

  test("one that fails leaves the schema as it was", async () => {
    const db = database();
    const failing = migrate(db, "failing", [
      { ...first, sql: "create table half (id int)" },
      { ...second, sql: "select nonsense" },
    ]);
    await expect(failing).rejects.toThrow("migrate failing/2-add-name");
    expect(await refusal(db.query(dynamicStatement("select * from half")))).toBe("internal");
  });
});

test("a server that is not there is unavailable", async () => {
  const db = createDatabase({ url: "postgresql://x@localhost/x?host=/nowhere", clock: systemClock, logger: silent });
  expect(await refusal(db.query(one, [1]))).toBe("unavailable");
  expect(await refusal(db.listen("x", { notified: () => undefined, missed: () => undefined }))).toBe("unavailable");
  expect(await refusal(db.tryLock(1n))).toBe("unavailable");
  await db.close();
  expect(await refusal(db.query(one, [1]))).toBe("unavailable");
});
