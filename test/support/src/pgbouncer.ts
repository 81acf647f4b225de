import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asServerUser } from "./postgres-user.ts";
import { startPeerProcess } from "./stores/peer-process.ts";
import { untilReady } from "./stores/until-ready.ts";

export interface PgBouncer {
  /** The same database as before, by way of the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

const port = 6432;

/**
 * PgBouncer before the PostgreSQL of `url`, which names a socket's directory: each transaction gets another of `poolSize`
 * connections, and a start-up parameter that it does not know is refused, as it comes out of the box. `program` is `pgbouncer`.
 */
export async function startPgBouncer(options: {
  readonly program: string;
  readonly url: string;
  readonly poolSize: number;
}): Promise<PgBouncer> {
  const user = await asServerUser();
  // A socket's path is short, and whoever the pooler runs as must be able to make it.
  const directory = await mkdtemp(join(tmpdir().length <= 60 ? tmpdir() : "/tmp", "dataplane-pgbouncer-"));
  const config = join(directory, "pgbouncer.ini");
  await writeFile(
    config,
    `[databases]
postgres = host=${new URL(options.url).searchParams.get("host") ?? ""} user=postgres
[pgbouncer]
listen_port = ${port}
unix_socket_dir = ${directory}
auth_type = any
pool_mode = transaction
default_pool_size = ${options.poolSize}
max_client_conn = 200
`,
  );
  await chmod(directory, 0o700);
  await user.own(directory);
  const { command, args } = user.command(options.program, ["-q", config]);
  const process = await startPeerProcess({ program: command, args, directory });
  const listens = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(`${directory}/.s.PGSQL.${port}`, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
  await untilReady(process, listens);
  return {
    url: `postgresql://postgres@localhost:${port}/postgres?host=${encodeURIComponent(directory)}`,
    stop: () => process.stop(),
  };
}
