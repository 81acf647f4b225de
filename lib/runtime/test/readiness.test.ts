import { startTestPostgres } from "@flyte-dataplane/test-support";
import { expect, onTestFinished, test } from "vitest";
import { createDatabase, statement } from "../src/database/index.ts";
import { createMetrics, systemClock } from "../src/lifecycle/index.ts";
import { createServer, type Service } from "../src/server/index.ts";
import { runService } from "./run-service.ts";

test("healthz is OK with the database down; readyz is not then, and is again when it is back [runs 3]", async () => {
  const postgres = await startTestPostgres();
  onTestFinished(() => postgres.stop());
  const { logger } = runService();
  const database = createDatabase({ url: postgres.url, clock: systemClock, logger });
  onTestFinished(() => database.close());
  const ping = statement("test_ping", "select 1");
  const service: Service = {
    name: "runs",
    rpc: [],
    health: [{ name: "database", check: async (signal) => void (await database.query(ping, [], { signal })) }],
  };
  const options = { host: "localhost", port: 0, clock: systemClock, logger, metrics: createMetrics() };
  const server = await createServer({ ...options, services: [service] });
  onTestFinished(() => server.close());
  const get = async (path: string): Promise<string> => {
    const answer = await fetch(`http://localhost:${server.port}${path}`);
    return `${answer.status} ${await answer.text()}`;
  };

  expect(await get("/readyz")).toBe("200 OK");
  await postgres.halt();
  expect(await get("/healthz")).toBe("200 OK");
  expect(await get("/readyz")).toMatch(/^503 runs\/database: /);
  await postgres.restart();
  expect(await get("/readyz")).toBe("200 OK");
});
