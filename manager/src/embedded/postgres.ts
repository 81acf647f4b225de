/**
 * The PostgreSQL of a laptop: initialised once in the data directory, started in a session of its own, so that Ctrl-C
 * at the terminal reaches it only through us, and adopted when it outlived the server that started it.
 */
import { spawn } from "node:child_process";
import { open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { abortError, type Clock, DataPlaneError, type Env, type Logger } from "@flyte-dataplane/core";
import type { DataDirectory } from "./data-directory.ts";
import { requirePostgres, writeFormat } from "./format-file.ts";
import { databaseUser, initialise } from "./initialise.ts";
import { keepRunning } from "./keep-running.ts";
import { disarmStaleFile, findPostmaster, type Postmaster } from "./postmaster-file.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { findPrograms, type Programs } from "./programs.ts";
import { chooseServerUser, type ServerUser } from "./server-user.ts";
import { clearSocketDirectory, makeSocketDirectory, removeSocketDirectory } from "./socket-directory.ts";

export interface EmbeddedOptions {
  readonly data: DataDirectory;
  readonly env: Env;
  /** A short path for temporary directories. */
  readonly temporary: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  /** Default 60 s: recovery after a crash takes its time. */
  readonly startTimeoutMs?: number;
}

export interface EmbeddedPostgres {
  /** For `createDatabase`. */
  readonly url: string;
  readonly pid: number;
  /** True when it was already running. */
  readonly adopted: boolean;
  /**
   * Starts the server again whenever it dies, under the same address, until `signal` aborts. Never rejects: what keeps it from
   * starting is logged, and tried again.
   */
  supervise(signal: AbortSignal): Promise<void>;
  /** Ends connections, stops the server and waits for its end; at once without mercy after 20 s. Safe to call twice. */
  stop(): Promise<void>;
}

/** Rejects with one line that says what to do; PostgreSQL's own words are the last lines of `<data>/postgres.log`. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { path, format } = options.data;
  const cluster = join(path, "postgres");
  const programs = await findPrograms(join(path, "postgres-libraries"));
  requirePostgres(path, format, programs.major);

  const serverUser = (): Promise<ServerUser> =>
    chooseServerUser({ uid: process.getuid?.() ?? -1, directory: path, paths: [programs.postgres] });
  const prepared = async (socketDirectory: string): Promise<Postmaster> => {
    const user = await serverUser();
    await user.own(cluster);
    await disarmStaleFile(cluster);
    return await launch(options, programs, user, { cluster, socketDirectory });
  };

  const running = await findPostmaster(cluster);
  if (running !== undefined) {
    options.logger.info({ pid: running.process.pid }, "database server found running");
    // Whoever cleans up after us must find a temporary directory named, whichever lock named it first.
    await options.data.lock.describe({ socketDirectory: running.socketDirectory });
    const server = await waitUntilReady(options, cluster, running.process, () => undefined);
    return embedded(options, server, true, () => prepared(server.socketDirectory));
  }
  const { socketDirectory: left } = options.data.lock.left;
  if (left !== undefined) await removeSocketDirectory(left);
  const user = await serverUser();
  const made = await initialise({ cluster, programs, user, env: options.env, logger: options.logger });
  if (made || format.postgres === undefined) await writeFormat(path, programs.major);
  const socketDirectory = await makeSocketDirectory(path, options.temporary, options.data.lock);
  const server = await prepared(socketDirectory).catch(async (error: unknown) => {
    await removeSocketDirectory(socketDirectory);
    throw error;
  });
  return embedded(options, server, false, () => prepared(socketDirectory));
}

async function launch(
  options: EmbeddedOptions,
  programs: Programs,
  user: ServerUser,
  { cluster, socketDirectory }: { readonly cluster: string; readonly socketDirectory: string },
): Promise<Postmaster> {
  const { path } = options.data;
  await clearSocketDirectory(socketDirectory);
  await user.own(socketDirectory);
  const log = join(path, "postgres.log");
  await trimLog(log);
  const { command, args, options: as } = user.command(programs.postgres, ["-D", cluster, ...settings(socketDirectory)]);
  const output = await open(log, "a", 0o600);
  const said = (await output.stat()).size;
  let ended: string | undefined;
  let pid: number | undefined;
  try {
    const child = spawn(command, args, {
      ...as,
      detached: true,
      cwd: path,
      env: { PATH: options.env["PATH"], LC_ALL: "C", ...programs.environment },
      stdio: ["ignore", output.fd, output.fd],
    });
    child.once("error", (error) => (ended = error.message));
    child.once("exit", (code, signal) => (ended = `ended with ${signal ?? `status ${code}`}`));
    child.unref();
    pid = child.pid;
  } finally {
    await output.close();
  }
  try {
    return await waitUntilReady(options, cluster, undefined, () => ended);
  } catch (error) {
    if (ended === undefined && pid !== undefined) process.kill(pid, "SIGQUIT");
    const words = await lastWords(log, said);
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof DataPlaneError && error.code !== "internal") throw error;
    throw new DataPlaneError("internal", `start embedded postgres: ${why}${words}; the whole log is ${log}`, {
      cause: error,
    });
  }
}

function settings(socketDirectory: string): readonly string[] {
  const values = {
    listen_addresses: "",
    unix_socket_directories: socketDirectory,
    unix_socket_permissions: "0700",
    max_connections: "100",
    shared_buffers: "64MB",
    log_min_messages: "warning",
    log_line_prefix: "%m [%p] ",
    timezone: "UTC",
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

async function waitUntilReady(
  options: EmbeddedOptions,
  cluster: string,
  adopted: ProcessIdentity | undefined,
  ended: () => string | undefined,
): Promise<Postmaster> {
  const limitMs = options.startTimeoutMs ?? 60_000;
  const wait = options.signal === undefined ? {} : { signal: options.signal };
  const until = options.clock.now() + limitMs;
  while (options.clock.now() < until) {
    if (options.signal?.aborted === true) throw abortError(options.signal);
    const found = await findPostmaster(cluster);
    if (found?.ready === true) return found;
    const why = ended();
    if (why !== undefined) throw new DataPlaneError("internal", why);
    if (adopted !== undefined && !(await isAlive(adopted)))
      throw new DataPlaneError("unavailable", "embedded postgres: it ended while it was being adopted; start again");
    await options.clock.sleep(20, wait);
  }
  throw new DataPlaneError("internal", `not ready after ${limitMs} ms`);
}

function embedded(
  options: EmbeddedOptions,
  first: Postmaster,
  adopted: boolean,
  restart: () => Promise<Postmaster>,
): EmbeddedPostgres {
  const { clock, logger } = options;
  let server = first;
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    for (const [signal, limitMs] of [
      ["SIGINT", 20_000],
      ["SIGQUIT", 5000],
      ["SIGKILL", 5000],
    ] as const) {
      if (await endsAfter(clock, server.process, signal, limitMs)) {
        await removeSocketDirectory(server.socketDirectory);
        return;
      }
      logger.warn({ pid: server.process.pid, signal }, "database server did not stop when asked");
    }
    throw new DataPlaneError("internal", `stop embedded postgres: process ${server.process.pid} does not end`);
  };
  return {
    url: `postgresql://${databaseUser}@localhost/postgres?host=${encodeURIComponent(first.socketDirectory)}`,
    pid: first.process.pid,
    adopted,
    supervise: (signal) =>
      keepRunning({
        clock,
        logger,
        signal,
        isRunning: () => isAlive(server.process),
        start: async () => {
          server = await restart();
        },
      }),
    stop: () => (stopped ??= stop()),
  };
}

async function endsAfter(
  clock: Clock,
  server: ProcessIdentity,
  signal: NodeJS.Signals,
  limitMs: number,
): Promise<boolean> {
  try {
    if (await isAlive(server)) process.kill(server.pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
  for (const until = clock.now() + limitMs; clock.now() < until; await clock.sleep(10)) {
    if (!(await isAlive(server))) return true;
  }
  return false;
}

/** Keeps one old log once it has grown past 8 MiB. */
async function trimLog(log: string): Promise<void> {
  const size = await stat(log).then(
    (found) => found.size,
    () => 0,
  );
  if (size > 8 * 1024 * 1024) await rename(log, `${log}.old`);
}

async function lastWords(log: string, from: number): Promise<string> {
  const text = await readFile(log, "utf8").then(
    (all) => all.slice(from),
    () => "",
  );
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !/database system is shut down/.test(line));
  const bare = lines.slice(-3).map((line) => line.replace(/^.*?\[\d+\] (\w+): +/, ""));
  return bare.length === 0 ? "" : `: ${bare.join("; ").slice(-500)}`;
}
