/** An advisory lock held for as long as a process wants to be the only one. */
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Client } from "pg";
import type { HeldLock } from "./database.ts";
import { databaseError } from "./errors.ts";

/**
 * Holds `key` in an open transaction of `client`'s own: unlike a session's lock it is exclusive behind a transaction
 * pooler too. `client` is ended with the lock.
 */
export async function tryLock(client: Client, key: bigint): Promise<HeldLock | undefined> {
  const lost = new AbortController();
  let released = false;
  const gone = (): void => {
    if (!released) lost.abort(new DataPlaneError("unavailable", "advisory lock: the connection that held it was lost"));
  };
  client.on("error", gone);
  client.on("end", gone);
  try {
    await client.connect();
    await client.query("begin; set local idle_in_transaction_session_timeout = 0");
    const { rows } = await client.query<{ held: boolean }>("select pg_try_advisory_xact_lock($1::bigint) as held", [
      key.toString(),
    ]);
    if (rows[0]?.held === true) {
      return {
        lost: lost.signal,
        release: async () => {
          if (released) return;
          released = true;
          await end(client);
        },
      };
    }
  } catch (error) {
    released = true;
    await end(client);
    throw databaseError(error, "advisory lock");
  }
  released = true;
  await end(client);
  return undefined;
}

/** Rolls back first, so that the lock is free when this resolves and not when the server notices. */
async function end(client: Client): Promise<void> {
  await client.query("rollback").catch(() => undefined);
  await client.end().catch(() => undefined);
}
