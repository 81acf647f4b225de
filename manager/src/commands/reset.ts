import { stopLocalContainers } from "@flyte-dataplane/controller";
import { DataPlaneError } from "@flyte-dataplane/core";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { containerGraceMs } from "../edges.ts";
import { removeContents } from "../embedded/contents.ts";
import { openDataDirectory } from "../embedded/data-directory.ts";
import { stopLeftovers } from "../embedded/leftovers.ts";
import { externalDatabase } from "../external-database.ts";
import { loadSettings } from "../settings.ts";
import { dataDirectory, type Machine } from "./places.ts";

/** Removes all that a data directory holds: runs, cache, files, logs. Refused while a server runs on it and without `--yes`. */
export async function reset(
  machine: Machine,
  options: { readonly dataDir?: string; readonly yes?: boolean },
): Promise<number> {
  const directory = dataDirectory(machine, options.dataDir);
  if (options.yes !== true) {
    throw new DataPlaneError(
      "failed_precondition",
      `reset ${directory}: this removes every run, file and log there; say so with --yes`,
      { origin: "user" },
    );
  }
  const external = await externalDatabase(await loadSettings({ env: machine.env, flags: {} }), machine.env);
  if (external !== undefined) {
    throw new DataPlaneError(
      "failed_precondition",
      `reset ${directory}: its runs are kept in the database that ${external.setting} names and would lose their files; drop that database yourself, unset ${external.setting} and reset again`,
      { origin: "user" },
    );
  }
  const data = await openDataDirectory(directory);
  try {
    await stopLocalContainers({ directory, clock: systemClock, graceMs: containerGraceMs });
    await stopLeftovers(data, machine.temporary);
    await removeContents(directory);
  } finally {
    await data.lock.release();
  }
  machine.say(`removed all data in ${directory}`);
  return 0;
}
