import { DataPlaneError } from "@flyte-dataplane/core";
import { parseDuration } from "@flyte-dataplane/runtime/config";
import { createLifecycle, createLogger, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { openEdges } from "../edges.ts";
import { holdsData } from "../embedded/contents.ts";
import { loadSettings } from "../settings.ts";
import { dataDirectory, type Machine } from "./places.ts";
import { findServer } from "./running.ts";

/** How long the database has to stop. */
const stopMs = 30_000;

export interface GcOptions {
  readonly dataDir?: string;
  readonly olderThan: string;
}

/** Removes the working directories and logs of Pods that ended long ago; needs the data directory for itself. */
export async function gc(machine: Machine, options: GcOptions): Promise<number> {
  const olderThanMs = age(options.olderThan);
  const directory = dataDirectory(machine, options.dataDir);
  const server = await findServer(directory);
  if (server !== undefined)
    throw new DataPlaneError(
      "failed_precondition",
      `gc ${directory}: process ${server.pid} is using it; stop it first`,
      { origin: "user" },
    );
  if (!(await holdsData(directory))) {
    machine.say(`no data in ${directory}: nothing to remove`);
    return 0;
  }
  const logger = createLogger({ level: "warn" });
  const lifecycle = createLifecycle({ clock: systemClock, logger, deadlineMs: stopMs });
  lifecycle.onSignals(machine.signals);
  try {
    const config = await loadSettings({ env: machine.env, flags: {} });
    // The cluster without its loops: nothing is started for the sake of tidying up.
    const { cluster } = await openEdges({
      config,
      directory,
      env: machine.env,
      temporary: machine.temporary,
      copilot: machine.copilot,
      containersOutlive: true,
      lifecycle,
      signal: lifecycle.signal,
      clock: systemClock,
      logger,
    });
    const removed = await cluster.collectGarbage({ olderThanMs });
    machine.say(`removed the directories of ${removed} pods that ended more than ${options.olderThan} ago`);
  } finally {
    lifecycle.stop("gc is done");
    await lifecycle.stopped;
  }
  return 0;
}

function age(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new DataPlaneError(
      "invalid_argument",
      `gc: --older-than ${error instanceof Error ? error.message : String(error)}`,
      { origin: "user", cause: error },
    );
  }
}
