/** A local cluster on a real PostgreSQL and a directory of its own, with its loops running. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Env, Logger } from "@flyte-dataplane/core";
import { createDatabase, type Database } from "@flyte-dataplane/runtime/database";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { startTestPostgres, type TestPostgres } from "@flyte-dataplane/test-support";
import {
  createLocalCluster,
  type LocalCluster,
  type LocalClusterOptions,
} from "../../src/cluster/local/local-cluster.ts";

export interface TestMachine {
  readonly postgres: TestPostgres;
  readonly directory: string;
  /** Starts a server on this machine; stop it before the next one. */
  serve(options?: Partial<LocalClusterOptions>): Promise<TestServer>;
  /** Ends PostgreSQL and removes the directory. */
  stop(): Promise<void>;
}

export interface TestServer {
  readonly cluster: LocalCluster;
  readonly database: Database;
  /** Ends the server; its containers go on, unless `stopContainers`. */
  stop(options?: { readonly stopContainers?: boolean; readonly graceMs?: number }): Promise<void>;
}

export const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};

export async function startMachine(environment: Env): Promise<TestMachine> {
  const postgres = await startTestPostgres();
  const directory = await mkdtemp(join(tmpdir(), "local-cluster-"));
  return {
    postgres,
    directory,
    serve: (options = {}) => serve({ url: postgres.url, directory, environment }, options),
    stop: async () => {
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Machine {
  readonly url: string;
  readonly directory: string;
  readonly environment: Env;
}

async function serve(
  { url, directory, environment }: Machine,
  options: Partial<LocalClusterOptions>,
): Promise<TestServer> {
  const database = createDatabase({ url, clock: systemClock, logger: quiet });
  try {
    const clock = systemClock;
    const given = {
      database,
      directory,
      temporary: tmpdir(),
      environment,
      programs: {},
      clock,
      logger: quiet,
      ...options,
    };
    const cluster = await createLocalCluster(given);
    const running = new AbortController();
    const loops = Promise.allSettled(cluster.loops.map((loop) => loop.run(running.signal)));
    return {
      cluster,
      database,
      stop: async ({ stopContainers = false, graceMs = 0 } = {}) => {
        running.abort();
        for (const loop of await loops) if (loop.status === "rejected") throw loop.reason;
        if (stopContainers) await cluster.stopContainers({ graceMs });
        await cluster.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
