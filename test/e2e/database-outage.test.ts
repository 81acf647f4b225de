/** The database is killed and started again, three times, while a server works: what was acknowledged is there, and work goes on. */
import { createDatabase, statement } from "@flyte-dataplane/runtime/database";
import { createLogger, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { startTestPostgres } from "@flyte-dataplane/test-support";
import { expect, test } from "vitest";
import { quietRun, startLoad } from "./database-load.ts";
import { emptyHome, runMain } from "./server-process.ts";

const kills = 3;

/** Written past the server, so that no notification tells of it: a watch finds it only when it reads everything again. */
const insertSilently = statement(
  "test_insert_silently",
  "insert into actions (project, domain, run_name, name, parent_action_name) values ($1, $2, $3, $4, 'a0')",
);
/** What must be back within this time of the database's own return. */
const recoveryMs = 5000;

test("a database killed under load costs retryable errors and no answer: /readyz tells, watches catch up [runs 3]", async () => {
  const postgres = await startTestPostgres({ durable: true });
  const home = await emptyHome();
  const environment = { HOME: home.path, TMPDIR: home.path, DATABASE_URL: postgres.url };
  const server = runMain(["serve", "--port", "0", "--log-level", "warn"], {
    ...environment,
    FLYTE_DATAPLANE_DATA_DIR: `${home.path}/data`,
  });
  const url = (await server.printed(/ready on (http:\/\/localhost:\d+)/))[1] ?? "";
  const health = async (path: string): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${url}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const untilReadyIs = async (status: number): Promise<string> => {
    for (;;) {
      const answer = await health("/readyz");
      if (answer.status === status) return answer.text;
    }
  };
  const load = startLoad(url);
  const beside = createDatabase({ url: postgres.url, clock: systemClock, logger: createLogger({ level: "silent" }) });

  for (let kill = 0; kill < kills; kill += 1) {
    await load.acknowledged(100);
    const { project, domain, name } = quietRun;
    await beside.query(insertSilently, [project, domain, name, `silent${kill}`]);
    expect(load.quietlySeen().has(`silent${kill}`)).toBe(false);
    await postgres.kill();
    expect(await untilReadyIs(503)).toContain("api/runs database");
    expect(await health("/healthz")).toEqual({ status: 200, text: "OK" });
    await load.refused(20);
    await postgres.restart();
    const backAt = performance.now();
    expect(await untilReadyIs(200)).toBe("OK");
    await load.acknowledged(20);
    await load.watched([`silent${kill}`]);
    expect(performance.now() - backAt).toBeLessThan(recoveryMs);
  }
  const { wrong, codes, idleWatchEnded } = await load.finish();
  expect(wrong).toEqual([]);
  expect([...codes].filter((code) => !retryable.has(code))).toEqual([]);
  expect(idleWatchEnded).toBe(false);

  server.child.kill("SIGTERM");
  expect(await server.ended, server.stderr()).toBe(0);
  await beside.close();
  await postgres.stop();
  await home.remove();
});

/** What a client may answer by calling again. */
const retryable: ReadonlySet<string> = new Set(["Unavailable", "Aborted", "DeadlineExceeded", "ResourceExhausted"]);
