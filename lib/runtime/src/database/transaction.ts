/** Transactions, run again as a whole when PostgreSQL could not order them with others. */
import { backoffDelay, type Clock, DataPlaneError } from "@flyte-dataplane/core";
import type { PoolClient } from "pg";
import { dynamicStatement, statement, type Transaction, type TransactionOptions } from "./database.ts";
import { isSerializationFailure } from "./errors.ts";
import { type Runner, spoilsConnection } from "./run-statement.ts";

export interface TransactionParts {
  readonly connect: () => Promise<PoolClient>;
  readonly runner: Runner;
  readonly clock: Clock;
}

const attempts = 5;
const backoff = { baseMs: 10, maxMs: 500, jitter: "full" } as const;

export async function runTransaction<T>(
  parts: TransactionParts,
  body: (transaction: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(parts, body, options);
    } catch (error) {
      if (attempt === attempts || !isSerializationFailure(error)) throw error;
    }
    const wait = options.signal === undefined ? {} : { signal: options.signal };
    await parts.clock.sleep(backoffDelay(backoff, attempt, Math.random), wait);
  }
}

async function once<T>(
  parts: TransactionParts,
  body: (transaction: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const client = await parts.connect();
  let open = true;
  const query: Transaction["query"] = (text, values = [], queryOptions = {}) => {
    if (!open) throw new DataPlaneError("internal", `${text.name ?? "query"}: its transaction has ended`);
    return parts.runner(client, text, values, { ...options, ...queryOptions });
  };
  const transaction: Transaction = {
    query,
    notify: async (channel, payload) => void (await query(notify, [channel, payload])),
    lock: async (key, lockOptions) => void (await query(advisoryLock, [key], lockOptions)),
  };
  let broken = false;
  try {
    await query(dynamicStatement(beginText(options)));
    const result = await body(transaction);
    const { command } = await parts.runner(client, commit, []);
    // PostgreSQL calls that no error; a caller who went on would believe in rows that are not there.
    if (command === "ROLLBACK")
      throw new DataPlaneError(
        "internal",
        "transaction: nothing was kept, for a statement failed and its error was caught",
      );
    return result;
  } catch (error) {
    broken = spoilsConnection(error) || options.signal?.aborted === true;
    // A connection that cannot roll back is closed, which rolls back as well.
    if (!broken) await parts.runner(client, rollback, []).catch(() => (broken = true));
    throw error;
  } finally {
    open = false;
    client.release(broken);
  }
}

const notify = statement("notify", "select pg_notify($1, $2)");
const advisoryLock = statement("advisory_lock", "select pg_advisory_xact_lock($1::bigint)");
const commit = dynamicStatement("commit");
const rollback = dynamicStatement("rollback");

function beginText(options: TransactionOptions): string {
  return `begin isolation level ${options.isolation ?? "read committed"}${options.readOnly === true ? " read only" : ""}`;
}
