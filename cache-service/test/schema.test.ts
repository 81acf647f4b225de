/** The two tables: made once, made beside the reference, and asked for by the readiness of the service. */
import {
  cacheMigrations,
  cacheServiceSection,
  createCacheService,
  databaseStore,
} from "@flyte-dataplane/cache-service";
import { loadConfig } from "@flyte-dataplane/runtime/config";
import { createDatabase, type Database, dynamicStatement, migrate } from "@flyte-dataplane/runtime/database";
import { createMetrics, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { startTestPostgres, type TestPostgres } from "@flyte-dataplane/test-support";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silent } from "./suite.ts";

let postgres: TestPostgres;
const open: Database[] = [];
const database = (): Database => {
  const opened = createDatabase({ url: postgres.url, clock: systemClock, logger: silent });
  open.push(opened);
  return opened;
};
beforeEach(async () => {
  postgres = await startTestPostgres();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  await postgres.stop();
});

const start = (db: Database) => migrate(db, "cache_service", cacheMigrations);

test("of replicas that start at once on an empty database, one makes the tables and none fails [cache 67]", async () => {
  const applied = await Promise.all(Array.from({ length: 5 }, () => start(database())));
  expect(applied.filter((versions) => versions.length > 0)).toEqual([cacheMigrations.map(({ version }) => version)]);
  expect(await start(database())).toEqual([]);
});

test("the reference's own record of its first migration is left in an empty database", async () => {
  const db = database();
  await start(db);
  const { rows } = await db.query(dynamicStatement("select version from schema_migrations"));
  expect(rows).toEqual([{ version: "cache_service/20260408110000_init_schema" }]);
});

test("tables, rows, indexes and record that were there before stay as they were", async () => {
  const db = database();
  // As section 2.8 of the contract describes them, secondary indexes included.
  await db.query(
    dynamicStatement(`
      create table schema_migrations (version text primary key, applied_at timestamptz);
      insert into schema_migrations values ('cache_service/20260408110000_init_schema', '2026-01-02'), ('runs/other', null);
      create table cache_service_outputs (key varchar(512) primary key, output_uri text not null default '', metadata bytea,
        last_updated timestamptz not null, created_at timestamptz not null default current_timestamp,
        updated_at timestamptz not null default current_timestamp);
      create index outputs_by_age on cache_service_outputs (last_updated);
      insert into cache_service_outputs (key, output_uri, last_updated) values ('k', 's3://b/o', '2026-01-02');
      create table cache_service_reservations (key varchar(512) primary key, owner_id text not null,
        heartbeat_seconds integer not null default 0, expires_at timestamptz not null,
        created_at timestamptz not null default current_timestamp, updated_at timestamptz not null default current_timestamp);
    `),
  );
  const everything = dynamicStatement(
    `select to_jsonb(o)::text as row from cache_service_outputs o union all select to_jsonb(m)::text from schema_migrations m
     union all select indexdef from pg_indexes where tablename like 'cache_service%'
     union all select table_name || column_name || data_type from information_schema.columns where table_name like 'cache_service%'
     order by 1`,
  );
  const before = (await db.query(everything)).rows;
  await start(db);
  expect((await db.query(everything)).rows).toEqual(before);
  const found = await databaseStore(db).outputs(["k"], new AbortController().signal);
  expect(found.get("k")?.uri).toBe("s3://b/o");
});

test("the service is not ready while its database is away, and is again when that is back [cache 68]", async () => {
  const db = database();
  await start(db);
  const config = loadConfig([cacheServiceSection], { env: {} }).get(cacheServiceSection);
  const { health = [] } = createCacheService({
    config,
    store: databaseStore(db),
    clock: systemClock,
    metrics: createMetrics(),
  });
  const ask = () => Promise.all(health.map(({ check }) => check(new AbortController().signal)));
  await ask();
  await postgres.halt();
  await expect(ask()).rejects.toMatchObject({ code: "unavailable" });
  await postgres.restart();
  await ask();
});
