import { DataPlaneError } from "@flyte-dataplane/core";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { isAlive } from "../embedded/process-identity.ts";
import { dataDirectory, type Machine } from "./places.ts";
import { findServer } from "./running.ts";

/** Longer than a server gives itself. */
const limitMs = 60_000;

/** Asks the server of the data directory to stop and waits for its end; 0 also when none ran. */
export async function stop(machine: Machine, options: { readonly dataDir?: string }): Promise<number> {
  const directory = dataDirectory(machine, options.dataDir);
  const server = await findServer(directory);
  if (server === undefined) {
    machine.say(`no server runs on ${directory}`);
    return 0;
  }
  process.kill(server.pid, "SIGTERM");
  const until = systemClock.now() + limitMs;
  while (await isAlive(server)) {
    if (systemClock.now() > until) {
      throw new DataPlaneError(
        "deadline_exceeded",
        `stop process ${server.pid}: it still runs after ${limitMs / 1000} s; look at its log`,
      );
    }
    await systemClock.sleep(50);
  }
  machine.say(`stopped process ${server.pid}; containers that were running go on and are taken over at the next start`);
  return 0;
}
