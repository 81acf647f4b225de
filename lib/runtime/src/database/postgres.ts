/** The Database port on `pg`: one pool, one listening connection, one connection per held lock. */
import { type Clock, DataPlaneError, type Logger } from "@flyte-dataplane/core";
import { Client, type ClientConfig, Pool } from "pg";
import type { Database } from "./database.ts";
import { databaseError } from "./errors.ts";
import { createListeners } from "./listeners.ts";
import { tryLock } from "./lock.ts";
import { createRunner, spoilsConnection } from "./run-statement.ts";
import { createStatementLimit } from "./statement-limit.ts";
import { runTransaction } from "./transaction.ts";
import { columnTypes } from "./values.ts";

export interface DatabaseOptions {
  /** `postgresql://user@host/name`; a socket's directory as `?host=/directory`. */
  readonly url: string;
  /** Past a pooler, for LISTEN and locks; default `url`. */
  readonly directUrl?: string;
  /** Default 10. */
  readonly maxConnections?: number;
  /** How long a call waits for a connection; default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Age at which a connection is replaced; default 0, never. */
  readonly maxLifetimeMs?: number;
  /** How long one statement may run; default 0, as long as it takes. */
  readonly statementTimeoutMs?: number;
  /** `url` leads to a transaction pooler, where named statements break and notifications get lost; default false. */
  readonly transactionPooler?: boolean;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Opens nothing yet: the first call connects. Close it to end the connections. */
export function createDatabase(options: DatabaseOptions): Database {
  const connection = {
    application_name: options.applicationName ?? "flyte-dataplane",
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    keepAlive: true,
    types: columnTypes,
  };
  const maxConnections = options.maxConnections ?? 10;
  const pool = new Pool({
    ...connection,
    connectionString: options.url,
    max: maxConnections,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: Math.ceil((options.maxLifetimeMs ?? 0) / 1000),
    allowExitOnIdle: false,
  });
  // An idle connection that dies is replaced by the next call; that call, not this event, tells whether it matters.
  pool.on("error", (error) => options.logger.info({ error }, "idle database connection lost"));
  // The pool listens to idle connections only. One that dies in use tells its query too, which is who needs to know; without
  // a listener here its error would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const directConfig: ClientConfig = { ...connection, connectionString: options.directUrl ?? options.url };
  const direct = (): Client => new Client(directConfig);
  const limit = createStatementLimit(options.clock, options.statementTimeoutMs ?? 0);
  const runner = createRunner({ named: options.transactionPooler !== true, limit, clock: options.clock });
  const listeners = createListeners({ connect: direct, clock: options.clock, logger: options.logger });
  let closed: Promise<void> | undefined;

  const connect = async (operation: string) => {
    if (closed !== undefined) throw new DataPlaneError("unavailable", `${operation}: the database was closed`);
    try {
      return await pool.connect();
    } catch (error) {
      throw databaseError(error, operation);
    }
  };
  return {
    query: async (statement, values = [], queryOptions = {}) => {
      const client = await connect(statement.name ?? "query");
      let broken = false;
      try {
        return await runner(client, statement, values, queryOptions);
      } catch (error) {
        broken = spoilsConnection(error) || queryOptions.signal?.aborted === true;
        throw error;
      } finally {
        client.release(broken);
      }
    },
    transaction: (body, transactionOptions = {}) =>
      runTransaction({ connect: () => connect("transaction"), runner, clock: options.clock }, body, transactionOptions),
    listen: (channel, listener) => listeners.listen(channel, listener),
    tryLock: (key) => tryLock(direct(), key),
    connections: () => ({
      used: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      limit: maxConnections,
    }),
    close: () =>
      (closed ??= Promise.all([listeners.close(), pool.end()]).then(() => {
        limit.close();
      })),
  };
}
