import { dataDirectory, type Machine } from "./places.ts";
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
  const { ready, reasons } = await readiness(server.url);
  machine.say(`process ${server.pid} answers on ${server.url}, data in ${directory}: ${ready ? "ready" : "not ready"}`);
  for (const reason of reasons) machine.say(`  ${reason}`);
  return ready ? 0 : 1;
}

async function readiness(url: string): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) });
    const body = (await answer.json()) as { readonly ready?: unknown; readonly reasons?: unknown };
    const reasons = Array.isArray(body.reasons)
      ? body.reasons.map((reason) => (typeof reason === "string" ? reason : JSON.stringify(reason)))
      : [];
    return { ready: body.ready === true, reasons };
  } catch (error) {
    return { ready: false, reasons: [`it does not answer: ${error instanceof Error ? error.message : String(error)}`] };
  }
}
