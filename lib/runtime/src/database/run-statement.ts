/** Runs one statement on one connection, cancelling it at the server when its caller aborts. */
import { abortError, DataPlaneError } from "@flyte-dataplane/core";
import type { Client, ClientBase } from "pg";
import type { QueryResult, SqlValue, Statement } from "./database.ts";
import { databaseError } from "./errors.ts";
import { toParameters } from "./values.ts";

export interface RunnerOptions {
  readonly named: boolean;
  /** A fresh connection, used to cancel what runs on another. */
  readonly cancelWith: () => Client;
}

export type Runner = <Row extends object>(
  client: ClientBase,
  statement: Statement<Row>,
  values: readonly SqlValue[],
  signal: AbortSignal | undefined,
) => Promise<QueryResult<Row>>;

export function createRunner(options: RunnerOptions): Runner {
  return async <Row extends object>(
    client: ClientBase,
    statement: Statement<Row>,
    values: readonly SqlValue[],
    signal: AbortSignal | undefined,
  ) => {
    const operation = statement.name ?? "query";
    if (signal?.aborted === true) throw abortError(signal);
    let canceling: Promise<void> | undefined;
    const abort = (): void => {
      canceling = cancel(client, options.cancelWith());
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const named = options.named && statement.name !== undefined ? { name: statement.name } : {};
      // Without values pg uses the simple protocol, which takes several statements in one text.
      const parameters = values.length > 0 || statement.name !== undefined ? { values: toParameters(values) } : {};
      const result = await client.query<Row>({ ...named, text: statement.text, ...parameters });
      return { rows: result.rows ?? [], count: result.rowCount ?? 0 };
    } catch (error) {
      const ours = databaseError(error, operation);
      throw signal !== undefined && canceling !== undefined && ours.code === "canceled" ? abortError(signal) : ours;
    } finally {
      signal?.removeEventListener("abort", abort);
      // Else the request to cancel could meet the next statement of this connection.
      await canceling;
    }
  };
}

/**
 * Asks the server to give up what `client` runs. The statement then fails by itself; if the server cannot be asked, it
 * runs to its end. Only the connection's own process is named, so a statement that just ended loses nothing.
 */
async function cancel(client: ClientBase, other: Client): Promise<void> {
  const processId: unknown = "processID" in client ? client.processID : undefined;
  other.on("error", () => undefined);
  try {
    if (typeof processId !== "number")
      throw new DataPlaneError("internal", "cancel query: the connection has no process id");
    await other.connect();
    await other.query("select pg_cancel_backend($1)", [processId]);
  } catch {
    // The caller still waits for the statement itself, which tells what became of the server.
  } finally {
    await other.end().catch(() => undefined);
  }
}
