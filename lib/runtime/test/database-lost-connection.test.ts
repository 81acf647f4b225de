import type { Logger } from "@flyte-dataplane/core";
import { startTestPostgres } from "@flyte-dataplane/test-support";
import { expect, test } from "vitest";
import { createDatabase } from "../src/database/postgres.ts";
import { systemClock } from "../src/lifecycle/clock.ts";

const quiet: Logger = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0, child: () => quiet };

test("a connection that dies between two statements of a transaction fails the transaction and nothing else", async () => {
  const postgres = await startTestPostgres();
  const database = createDatabase({ url: postgres.url, clock: systemClock, logger: quiet });
  const torn = database.transaction(async (transaction) => {
    await transaction.query({ text: "select 1 as one" });
    await postgres.restart();
    await transaction.query({ text: "select 2 as two" });
  });
  await expect(torn).rejects.toMatchObject({ code: "unavailable" });
  const { rows } = await database.query({ text: "select 3 as three" });
  expect(rows).toEqual([{ three: 3 }]);
  await database.close();
  await postgres.stop();
});
