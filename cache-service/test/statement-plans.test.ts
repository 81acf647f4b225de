/** Every fixed statement of the package over tables large enough that a missing index would show in its plan. */
import { createDatabase, type Database, dynamicStatement, migrate } from "@flyte-dataplane/runtime/database";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { startTestPostgres, type TestPostgres } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const texts = vi.hoisted(() => new Map<string, string>());

// The statements stay what they are; each is noted as its module declares it.
vi.mock("@flyte-dataplane/runtime/database", async (load) => {
  const original = await load<typeof import("@flyte-dataplane/runtime/database")>();
  return {
    ...original,
    statement: (name: string, text: string) => {
      texts.set(name, text);
      return original.statement(name, text);
    },
  };
});

let postgres: TestPostgres;
let database: Database;
beforeAll(async () => {
  await import("../src/store/database.ts");
  const { cacheMigrations } = await import("../src/store/migrations.ts");
  postgres = await startTestPostgres();
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => logger };
  database = createDatabase({ url: postgres.url, clock: systemClock, logger });
  await migrate(database, "cache_service", cacheMigrations);
  await database.query({
    text: `
      insert into cache_service_outputs (key, output_uri, last_updated) select md5(n::text), '/o', now() from generate_series(1, 10000) n;
      insert into cache_service_reservations (key, owner_id, expires_at) select md5(n::text), 'me', now() from generate_series(1, 10000) n;
      analyze`,
  });
});
afterAll(async () => {
  await database.close();
  await postgres.stop();
});

test("no fixed statement reads a whole table", async () => {
  expect(texts.size).toBeGreaterThan(7);
  for (const [name, text] of texts) {
    const { rows } = await database.query(dynamicStatement<{ "QUERY PLAN": string }>(`explain (generic_plan) ${text}`));
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n"), name).not.toContain("Seq Scan");
  }
});
