import { DataPlaneError } from "@flyte-dataplane/core";
import {
  createLifecycle,
  createLogger,
  createMetrics,
  type Lifecycle,
  systemClock,
} from "@flyte-dataplane/runtime/lifecycle";
import { isLoopback } from "@flyte-dataplane/runtime/server";
import { startTelemetry } from "@flyte-dataplane/runtime/telemetry";
import { type Dataplane, startDataplane } from "../dataplane.ts";
import { loadSettings, serverSection } from "../settings.ts";
import { version } from "../version.ts";
import { dataDirectory, type Machine, type SignalSource } from "./places.ts";
import { type Readiness, untilReady } from "./readiness.ts";

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

/** After it the server stays up and says what it waits for. */
const readyLimitMs = 60_000;

/** How long all parts together may take to stop, beyond the drain of calls under way. */
const stopMs = 30_000;

/** Starts every service and stays until a signal; resolves with the exit code. */
export async function serve(machine: Machine, options: ServeOptions): Promise<number> {
  const session = await open(machine, options);
  const { dataplane, lifecycle } = session;
  // A stop in this wait must still stop every part: without it the database server would outlive the process.
  const readiness = await untilReady(dataplane.localUrl, {
    clock: systemClock,
    limitMs: readyLimitMs,
    signal: lifecycle.signal,
    waiting: (reasons) => {
      machine.say(`flyte-dataplane is up on ${dataplane.url} and waits to be ready:`);
      for (const reason of reasons) machine.say(`  ${reason}`);
    },
  }).catch((error: unknown) => {
    if (lifecycle.signal.aborted) return undefined;
    throw error;
  });
  if (readiness !== undefined) announce(machine, session, readiness);
  return await ended(lifecycle);
}

function announce(machine: Machine, { dataplane, directory }: Session, { ready, reasons }: Readiness): void {
  machine.say(`flyte-dataplane is ${ready ? "ready" : "up but not ready"} on ${dataplane.url}`);
  for (const reason of reasons) machine.say(`  ${reason}`);
  for (const url of dataplane.server.urls.filter((each) => !isLoopback(new URL(each).hostname)))
    machine.say(`  beware ${url} asks nobody who they are: whoever reaches it may run commands here`);
  machine.say(`  runs   ${dataplane.url}/`);
  machine.say(`  data   ${directory}`);
  if (!dataplane.base.startsWith(directory)) machine.say(`  store  ${dataplane.base}`);
  const insecure = dataplane.url === dataplane.localUrl ? " --insecure" : "";
  machine.say(
    `  SDK    flyte create config --endpoint localhost:${dataplane.server.port}${insecure} --project flytesnacks --domain development`,
  );
  const elsewhere = directory === dataDirectory(machine, undefined) ? "" : ` --data-dir ${directory}`;
  machine.say(`  stop   Ctrl-C, or flyte-dataplane stop${elsewhere}`);
}

export interface OpenOptions extends ServeOptions {
  /** Default true. */
  readonly containersOutlive?: boolean;
}

/** Everything up and listening. On a rejection whatever had started has stopped again. */
export async function open(machine: Machine, options: OpenOptions): Promise<Session> {
  const config = await loadSettings({
    env: machine.env,
    flags: settingFlags(options),
    ...(options.config !== undefined && { file: options.config }),
  });
  const { logLevel, drain, linger } = config.get(serverSection);
  const telemetry = await startTelemetry({
    env: machine.env,
    version,
    clock: systemClock,
    failed: (error) => logger.warn({ error }, "traces not sent"),
  });
  const logger = createLogger({ level: logLevel, ...(telemetry && { context: telemetry.logFields }) });
  const lifecycle = createLifecycle({ clock: systemClock, logger, deadlineMs: linger + drain + stopMs });
  if (telemetry !== undefined) lifecycle.onStop("telemetry", () => telemetry.close());
  const directory = dataDirectory(machine, options.dataDir);
  const interruption = interrupted(machine.signals);
  try {
    const dataplane = await startDataplane({
      config,
      directory,
      env: machine.env,
      temporary: machine.temporary,
      copilot: machine.copilot,
      containersOutlive: options.containersOutlive ?? true,
      lifecycle,
      signal: interruption.signal,
      clock: systemClock,
      logger,
      metrics: createMetrics({ process: true }),
      ...(telemetry && { telemetry }),
    });
    lifecycle.onSignals(machine.signals);
    if (interruption.signal.aborted) lifecycle.stop("interrupted");
    return { dataplane, directory, lifecycle };
  } catch (error) {
    lifecycle.stop("start failed", error);
    await lifecycle.stopped;
    throw error;
  } finally {
    interruption.end();
  }
}

/** Settings that have a flag of their own. */
export function settingFlags(options: ServeOptions): Readonly<Record<string, string>> {
  return {
    ...(options.port !== undefined && { "server.port": options.port }),
    ...(options.host !== undefined && { "server.host": options.host }),
    ...(options.logLevel !== undefined && { "server.logLevel": options.logLevel }),
  };
}

/** While the parts start there is nothing to stop in order yet: a signal only keeps the next part from starting. */
function interrupted(signals: SignalSource): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const abort = (): void =>
    controller.abort(new DataPlaneError("canceled", "interrupted while starting", { origin: "user" }));
  signals.on("SIGINT", abort);
  signals.on("SIGTERM", abort);
  return {
    signal: controller.signal,
    end: () => {
      signals.off("SIGINT", abort);
      signals.off("SIGTERM", abort);
    },
  };
}

/** Waits for the end of the process's parts; 0 when it was asked for and all of them stopped. */
export async function ended(lifecycle: Lifecycle): Promise<number> {
  const { failure, unfinished } = await lifecycle.stopped;
  if (failure !== undefined)
    throw failure instanceof Error ? failure : new Error("a part of the process failed", { cause: failure });
  return unfinished.length === 0 ? 0 : 1;
}
