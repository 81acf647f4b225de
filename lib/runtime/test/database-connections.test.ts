import type { Logger } from "@flyte-dataplane/core";
import { startTestPostgres } from "@flyte-dataplane/test-support";
import { expect, onTestFinished, test } from "vitest";
import { createDatabase, statement } from "../src/database/index.ts";
import { systemClock } from "../src/lifecycle/index.ts";

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

test("connections are told apart by what they do, and calls that wait for one are counted", async () => {
  const postgres = await startTestPostgres();
  onTestFinished(() => postgres.stop());
  const database = createDatabase({ url: postgres.url, maxConnections: 1, clock: systemClock, logger: silent });
  onTestFinished(() => database.close());
  const one = statement("test_connections_one", "select 1");
  expect(database.connections()).toEqual({ used: 0, idle: 0, waiting: 0, limit: 1 });
  await database.query(one);
  expect(database.connections()).toEqual({ used: 0, idle: 1, waiting: 0, limit: 1 });

  let finish: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let begun: () => void = () => undefined;
  const inside = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const transaction = database.transaction(async () => {
    begun();
    await held;
  });
  await inside;
  const waiting = database.query(one);
  await expect.poll(() => database.connections()).toEqual({ used: 1, idle: 0, waiting: 1, limit: 1 });
  finish();
  await Promise.all([transaction, waiting]);
  expect(database.connections()).toEqual({ used: 0, idle: 1, waiting: 0, limit: 1 });
});
