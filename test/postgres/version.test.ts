import { createDatabase, dynamicStatement } from "@flyte-dataplane/runtime/database";
import { createLogger, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { startTestPostgres } from "@flyte-dataplane/test-support";
import { expect, onTestFinished, test } from "vitest";

test("this suite runs on PostgreSQL 15", async () => {
  const postgres = await startTestPostgres();
  onTestFinished(() => postgres.stop());
  const database = createDatabase({
    url: postgres.url,
    clock: systemClock,
    logger: createLogger({ level: "silent" }),
  });
  onTestFinished(() => database.close());
  const { rows } = await database.query(dynamicStatement<{ server_version: string }>("show server_version"));
  expect(rows[0]?.server_version).toMatch(/^15\./);
});
