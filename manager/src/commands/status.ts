import { dataDirectory, type Machine } from "./places.ts";
import { askReadiness } from "./readiness.ts";
import { findServer } from "./running.ts";

/** Exit statuses as service managers use them: 0 ready, 1 running but not ready, 3 not running. */
export async function status(machine: Machine, options: { readonly dataDir?: string }): Promise<number> {
  const directory = dataDirectory(machine, options.dataDir);
  const server = await findServer(directory);
  if (server === undefined) {
    machine.say(`no server runs on ${directory}; start one with: flyte-dataplane serve`);
    return 3;
  }
  if (server.url === undefined) {
    machine.say(`process ${server.pid} is starting on ${directory}`);
    return 1;
  }
  const { ready, reasons } = await askReadiness(server.localUrl ?? server.url);
  machine.say(`process ${server.pid} answers on ${server.url}, data in ${directory}: ${ready ? "ready" : "not ready"}`);
  for (const reason of reasons) machine.say(`  ${reason}`);
  return ready ? 0 : 1;
}
