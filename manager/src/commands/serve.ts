import {
  createLifecycle,
  createLogger,
  createMetrics,
  type Lifecycle,
  systemClock,
} from "@flyte-dataplane/runtime/lifecycle";
import { type Dataplane, startDataplane } from "../dataplane.ts";
import { loadSettings, serverSection } from "../settings.ts";
import { dataDirectory, type Machine } from "./places.ts";

export interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly dataDir?: string;
  readonly config?: string;
  readonly logLevel?: string;
}

export interface Session {
  readonly dataplane: Dataplane;
  readonly directory: string;
  readonly lifecycle: Lifecycle;
}

/** How long all parts together may take to stop, beyond the drain of calls under way. */
const stopMs = 30_000;

/** Starts every service and stays until a signal; resolves with the exit code. */
export async function serve(machine: Machine, options: ServeOptions): Promise<number> {
  const session = await open(machine, options);
  const { dataplane, directory, lifecycle } = session;
  machine.say(`flyte-dataplane is ready on ${dataplane.url}`);
  machine.say(`  data   ${directory}`);
  machine.say(
    `  SDK    flyte create config --endpoint localhost:${dataplane.server.port} --insecure --project flytesnacks --domain development`,
  );
  machine.say("  stop   Ctrl-C, or flyte-dataplane stop");
  return await ended(lifecycle);
}

/** Everything up and listening. On a rejection whatever had started has stopped again. */
export async function open(machine: Machine, options: ServeOptions): Promise<Session> {
  const flags = {
    ...(options.port !== undefined && { "server.port": options.port }),
    ...(options.host !== undefined && { "server.host": options.host }),
    ...(options.logLevel !== undefined && { "server.logLevel": options.logLevel }),
  };
  const config = await loadSettings({
    env: machine.env,
    flags,
    ...(options.config !== undefined && { file: options.config }),
  });
  const { logLevel, drain } = config.get(serverSection);
  const logger = createLogger({ level: logLevel });
  const lifecycle = createLifecycle({ clock: systemClock, logger, deadlineMs: drain + stopMs });
  lifecycle.onSignals(machine.signals);
  const directory = dataDirectory(machine, options.dataDir);
  try {
    const dataplane = await startDataplane({
      config,
      directory,
      env: machine.env,
      temporary: machine.temporary,
      copilot: machine.copilot,
      lifecycle,
      clock: systemClock,
      logger,
      metrics: createMetrics({ process: true }),
    });
    return { dataplane, directory, lifecycle };
  } catch (error) {
    lifecycle.stop("start failed", error);
    await lifecycle.stopped;
    throw error;
  }
}

/** Waits for the end of the process's parts; 0 when it was asked for and all of them stopped. */
export async function ended(lifecycle: Lifecycle): Promise<number> {
  const { failure, unfinished } = await lifecycle.stopped;
  if (failure !== undefined)
    throw failure instanceof Error ? failure : new Error("a part of the process failed", { cause: failure });
  return unfinished.length === 0 ? 0 : 1;
}
