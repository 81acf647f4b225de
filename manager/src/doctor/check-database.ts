/** Whether the database can be worked with: reached, of a version, with our tables, past a pooler, and by us alone. */
import { apiMigrations, apiSchema } from "@flyte-dataplane/api";
import { cacheMigrations } from "@flyte-dataplane/cache-service";
import { localClusterLock, localClusterMigrations, localClusterSchema } from "@flyte-dataplane/controller";
import { errorCode } from "@flyte-dataplane/core";
import { type Database, dynamicStatement, pendingMigrations, statement } from "@flyte-dataplane/runtime/database";
import { type Answer, type Finding, fault, look, skipped, warning } from "./finding.ts";
import type { Patient } from "./patient.ts";

/** The oldest major version that our suites have run on. */
const oldestMajor = 15;
const slowMs = 10;
const skewMs = 2000;
const notifiedWithinMs = 10_000;

/** `where` says which server it is. Everything but the first question needs an answer to that. */
export async function checkDatabase(database: Database, where: string, patient: Patient): Promise<readonly Finding[]> {
  const { clock } = patient;
  let there = false;
  const reached = await look(clock, "database/reach", async (signal) => {
    const answer = await version(database, where, signal).catch((error: unknown) => {
      if (errorCode(error) === "failed_precondition")
        return skipped(`${where} does not exist yet; the first start makes it`);
      throw unreachable(where, error);
    });
    there = typeof answer === "string" || answer.state === "warning";
    return answer;
  });
  if (!there) return [reached];
  return [
    reached,
    await look(clock, "database/latency", (signal) => latency(database, signal)),
    await look(clock, "database/migrations", () => migrations(database)),
    await look(clock, "database/notifications", () => notifications(database, patient)),
    await look(clock, "database/lock", () => lock(database, patient)),
    await look(clock, "clock/database", (signal) => skew(database, patient, signal)),
  ];
}

function unreachable(where: string, error: unknown): Error {
  const why = error instanceof Error ? error.message.replace(/^[a-z_]+: /, "") : String(error);
  return new Error(`${where} does not answer: ${why}; start it, or correct database.url`, { cause: error });
}

const selectVersion = dynamicStatement<{ version: number; standby: boolean }>(
  "select current_setting('server_version_num')::int / 10000 as version, pg_is_in_recovery() as standby",
);

async function version(database: Database, where: string, signal: AbortSignal): Promise<Answer> {
  const [row] = (await database.query(selectVersion, [], { signal })).rows;
  const told = `PostgreSQL ${row?.version ?? "?"} answers on ${where}`;
  if (row?.standby === true) return fault(`${told}, but only for reading; name the primary`);
  return (row?.version ?? 0) < oldestMajor
    ? warning(`${told}; nobody has tried one older than ${oldestMajor}: upgrade it`)
    : told;
}

const ask = statement("doctor_ask", "select 1");

async function latency(database: Database, signal: AbortSignal): Promise<Answer> {
  const times: number[] = [];
  for (let n = 0; n < 21; n += 1) {
    const from = performance.now();
    await database.query(ask, [], { signal });
    times.push(performance.now() - from);
  }
  const median = times.sort((a, b) => a - b)[10] ?? 0;
  const told = `an answer takes ${median.toFixed(1)} ms`;
  return median > slowMs ? warning(`${told}: every call waits for several; move the server nearer to it`) : told;
}

async function migrations(database: Database): Promise<Answer> {
  const owners = [
    [apiSchema, apiMigrations],
    ["cache_service", cacheMigrations],
    [localClusterSchema, localClusterMigrations],
  ] as const;
  let pending = 0;
  for (const [owner, list] of owners) pending += (await pendingMigrations(database, owner, list)).length;
  return pending === 0 ? "every table is as this version wants it" : `${pending} changes are made by the next start`;
}

async function notifications(database: Database, { clock }: Patient): Promise<Answer> {
  const enough = new AbortController();
  let arrived = false;
  const heard = (): void => {
    arrived = true;
    enough.abort();
  };
  const subscription = await database.listen("flyte_dataplane_doctor", { notified: heard, missed: () => undefined });
  await database.transaction((transaction) => transaction.notify("flyte_dataplane_doctor", ""));
  await clock.sleep(notifiedWithinMs, { signal: enough.signal }).catch(() => undefined);
  subscription.close();
  if (arrived) return "they arrive";
  return fault(
    "none arrived, so no watch would move: a connection pooler keeps them back; name the server itself in database.directUrl and set database.transactionPooler",
  );
}

async function lock(database: Database, { server }: Patient): Promise<Answer> {
  const held = await database.tryLock(localClusterLock);
  await held?.release();
  if (held !== undefined)
    return server === undefined
      ? "no server uses it"
      : fault("the running server does not use it; look at its settings");
  if (server !== undefined) return `used by process ${server.pid}, as it should be`;
  return fault("another server runs tasks on it; stop that one, or name another database");
}

const selectTime = dynamicStatement<{ ms: number }>(
  "select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms",
);

async function skew(database: Database, { clock }: Patient, signal: AbortSignal): Promise<Answer> {
  const from = clock.now();
  const [row] = (await database.query(selectTime, [], { signal })).rows;
  if (row === undefined) return skipped("the database tells no time");
  const seconds = (row.ms - (from + clock.now()) / 2) / 1000;
  const told = `the database's clock is ${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? "behind" : "ahead"}`;
  return Math.abs(seconds) * 1000 > skewMs ? warning(`${told}: let both machines keep time by NTP`) : told;
}
