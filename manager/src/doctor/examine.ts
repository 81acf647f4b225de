/** All checks in their order. What one needs of another, it says itself. */
import { join } from "node:path";
import { createDatabase, type DatabaseOptions, databaseSection } from "@flyte-dataplane/runtime/database";
import { createLogger } from "@flyte-dataplane/runtime/lifecycle";
import { openDataDirectory } from "../embedded/data-directory.ts";
import { readFormat, requirePostgres } from "../embedded/format-file.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded/postgres.ts";
import { findPostmaster } from "../embedded/postmaster-file.ts";
import { findPrograms } from "../embedded/programs.ts";
import { chooseServerUser } from "../embedded/server-user.ts";
import { connectionOptions, databasePlace, externalDatabase } from "../external-database.ts";
import { checkCluster } from "./check-cluster.ts";
import { checkDatabase } from "./check-database.ts";
import { checkPlace } from "./check-place.ts";
import { checkStore } from "./check-store.ts";
import { type Finding, look, lookAtGroup, skipped } from "./finding.ts";
import type { Patient } from "./patient.ts";

export async function examine(patient: Patient): Promise<readonly Finding[]> {
  const groups = [
    ["data", checkPlace],
    ["database", database],
    ["store", checkStore],
    ["cluster", checkCluster],
  ] as const;
  const findings: Finding[] = [];
  for (const [name, check] of groups) findings.push(...(await lookAtGroup(patient.clock, name, () => check(patient))));
  return findings;
}

async function database(patient: Patient): Promise<readonly Finding[]> {
  const { config, machine } = patient;
  const external = await externalDatabase(config, machine.env);
  if (external === undefined) return await embeddedDatabase(patient);
  return await examineDatabase(patient, external.connect, databasePlace(external.connect.url) ?? "");
}

async function examineDatabase(
  patient: Patient,
  connect: Pick<DatabaseOptions, "url" | "directUrl">,
  where: string,
): Promise<readonly Finding[]> {
  const options = connectionOptions(patient.config.get(databaseSection));
  const opened = createDatabase({ ...options, ...connect, clock: patient.clock, logger });
  try {
    return await checkDatabase(opened, where, patient);
  } finally {
    await opened.close();
  }
}

const logger = createLogger({ level: "silent" });

/** That of a running server is asked as it runs; else one that was made before is started for as long as this takes. */
async function embeddedDatabase(patient: Patient): Promise<readonly Finding[]> {
  const { clock, directory, server, machine } = patient;
  const { env, uid, temporary } = machine;
  const programs = await look(clock, "database/programs", async () => {
    const found = await findPrograms(join(directory, "postgres-libraries"));
    await chooseServerUser({ uid, directory, paths: [found.postgres] });
    const format = await readFormat(directory).catch(() => undefined);
    if (format !== undefined) requirePostgres(directory, format, found.major);
    return `PostgreSQL ${found.major} comes with this program`;
  });
  if (programs.state === "fault") return [programs];
  const where = `the embedded server of ${directory}`;
  if (server !== undefined) {
    const postmaster = await findPostmaster(join(directory, "postgres"));
    if (postmaster === undefined) return [programs, fallen(where)];
    const url = `postgresql://flyte@localhost/postgres?host=${encodeURIComponent(postmaster.socketDirectory)}`;
    return [programs, ...(await examineDatabase(patient, { url }, where))];
  }
  if ((await readFormat(directory).catch(() => undefined))?.postgres === undefined)
    return [programs, await look(clock, "database/reach", () => skipped(`${where} is made by the first start`))];
  const data = await openDataDirectory(directory);
  let postgres: EmbeddedPostgres | undefined;
  try {
    postgres = await startEmbeddedPostgres({ data, env, temporary, clock, logger });
    return [programs, ...(await examineDatabase(patient, { url: postgres.url }, where))];
  } finally {
    await postgres?.stop();
    await data.lock.release();
  }
}

function fallen(where: string): Finding {
  return {
    check: "database/reach",
    state: "fault",
    told: `${where} is not running; the server starts it again, and postgres.log there says what keeps it from that`,
  };
}
