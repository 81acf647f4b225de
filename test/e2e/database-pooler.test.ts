/** The main job with its database behind PgBouncer, which gives every transaction another connection. */
import { startPgBouncer, startTestPostgres } from "@flyte-dataplane/test-support";
import { expect, inject, test } from "vitest";
import { emptyHome, runMain } from "./server-process.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Paths of programs before a database, by the names of `npm run tools`. */
    databasePrograms: Readonly<Record<string, string>>;
  }
}

const program = inject("databasePrograms")["pgbouncer"];

// Where it is missing: `npm run tools -- --only pgbouncer`.
test.skipIf(program === undefined)("the demo runs, caches and cleans up through a transaction pooler", async () => {
  const postgres = await startTestPostgres();
  const pooler = await startPgBouncer({ program: program ?? "", url: postgres.url, poolSize: 3 });
  const home = await emptyHome();
  const demo = runMain(["demo"], {
    HOME: home.path,
    TMPDIR: home.path,
    FLYTE_DATAPLANE_DATABASE_URL: pooler.url,
    FLYTE_DATAPLANE_DATABASE_DIRECT_URL: postgres.url,
    FLYTE_DATAPLANE_DATABASE_TRANSACTION_POOLER: "true",
  });
  expect(await demo.ended, demo.stderr()).toBe(0);
  expect(demo.stdout()).toMatch(/CACHE_HIT/);
  expect(demo.stderr()).toBe("");
  await pooler.stop();
  await postgres.stop();
  await home.remove();
});
