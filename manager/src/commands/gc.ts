import { DataPlaneError } from "@flyte-dataplane/core";
import { parseDuration } from "@flyte-dataplane/runtime/config";
import { holdsData } from "../embedded/contents.ts";
import { dataDirectory, type Machine } from "./places.ts";
import { findServer } from "./running.ts";
import { open } from "./serve.ts";

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
  const { dataplane, lifecycle } = await open(machine, { dataDir: directory, port: "0", logLevel: "warn" });
  try {
    const removed = await dataplane.cluster.collectGarbage({ olderThanMs });
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
