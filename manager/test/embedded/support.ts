import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Logger } from "@flyte-dataplane/core";
import { createDatabase, dynamicStatement } from "@flyte-dataplane/runtime/database";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { afterAll, onTestFinished } from "vitest";
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

/** A directory as an earlier run left it, in `below` of a scratch directory; made once per test file and copied. */
export async function usedDirectory(...below: readonly string[]): Promise<string> {
  used ??= prepare();
  const path = join(await scratch(), ...below, "data");
  await mkdir(dirname(path), { recursive: true });
  await promisify(execFile)("cp", ["-R", "-p", await used, path]);
  return path;
}

let used: Promise<string> | undefined;

afterAll(async () => {
  if (used !== undefined) await rm(dirname(await used), { recursive: true, force: true });
});

async function prepare(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "dp-used-"));
  const data = await openDataDirectory(join(home, "data"));
  const env = { PATH: "/usr/bin:/bin" };
  const postgres = await startEmbeddedPostgres({ data, env, temporary: "/tmp", clock: systemClock, logger: silent });
  await postgres.stop();
  await data.lock.release();
  return data.path;
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
