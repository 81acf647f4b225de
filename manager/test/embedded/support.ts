import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "@flyte-dataplane/core";
import { createDatabase, dynamicStatement } from "@flyte-dataplane/runtime/database";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { onTestFinished } from "vitest";
import { type DataDirectory, openDataDirectory } from "../../src/embedded/data-directory.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/embedded/postgres.ts";

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/** A directory of this test's own, removed when it ends; everyone may enter it. */
export async function scratch(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "dp-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export interface Running {
  readonly data: DataDirectory;
  readonly postgres: EmbeddedPostgres;
}

/** As a server starts: the directory first, then its database. Both end with the test at the latest. */
export async function start(path: string): Promise<Running> {
  const data = await openDataDirectory(path);
  onTestFinished(() => data.lock.release());
  const env = { PATH: "/usr/bin:/bin" };
  const postgres = await startEmbeddedPostgres({ data, env, temporary: "/tmp", clock: systemClock, logger: silent });
  onTestFinished(() => postgres.stop());
  return { data, postgres };
}

export async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const database = createDatabase({ url, clock: systemClock, logger: silent });
  try {
    return (await database.query(dynamicStatement<Record<string, unknown>>(text))).rows;
  } finally {
    await database.close();
  }
}
