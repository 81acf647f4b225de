/** Runs one statement on one connection, giving it up at the server when its caller aborts or its time is over. */
import { abortError, type Clock, DataPlaneError } from "@flyte-dataplane/core";
import type { Client } from "pg";
import { requestCancel } from "./cancel-request.ts";
import type { QueryResult, SqlValue, Statement } from "./database.ts";
import { databaseError } from "./errors.ts";
import type { StatementLimit } from "./statement-limit.ts";
import { toParameters } from "./values.ts";

export interface RunnerOptions {
  /** Whether statements are prepared under their names. */
  readonly named: boolean;
  readonly limit: StatementLimit;
  readonly clock: Clock;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly unlimited?: boolean;
}

export type Runner = <Row extends object>(
  client: Client,
  statement: Statement<Row>,
  values: readonly SqlValue[],
  options?: RunOptions,
) => Promise<RunResult<Row>>;

interface RunResult<Row> extends QueryResult<Row> {
  /** What the server says it did: it answers `commit` with ROLLBACK where there was nothing left to commit. */
  readonly command: string | undefined;
}

/** What a server has to answer a request to give up; one that does not is taken for gone. */
const cancelMs = 5000;

export function createRunner({ named, limit, clock }: RunnerOptions): Runner {
  return async <Row extends object>(
    client: Client,
    statement: Statement<Row>,
    values: readonly SqlValue[],
    { signal, unlimited = false }: RunOptions = {},
  ) => {
    const operation = statement.name ?? "query";
    if (signal?.aborted === true) throw abortError(signal);
    let canceling: Promise<void> | undefined;
    let ended: AbortController | undefined;
    let told: (() => DataPlaneError) | undefined;
    const giveUp = (why: () => DataPlaneError): void => {
      told ??= why;
      if (ended !== undefined) return;
      ended = new AbortController();
      const { signal: over } = ended;
      canceling = requestCancel(client, over);
      clock.sleep(cancelMs, { signal: over }).then(
        () => {
          ended?.abort();
          hangUp(client);
        },
        () => undefined,
      );
    };
    const tooLong = (): DataPlaneError =>
      new DataPlaneError("deadline_exceeded", `${operation}: gave up a statement that ran too long`);
    const inTime = unlimited ? undefined : limit.begin(() => giveUp(tooLong));
    const aborted = (): void => {
      if (signal !== undefined) giveUp(() => abortError(signal));
    };
    signal?.addEventListener("abort", aborted, { once: true });
    try {
      const name = named && statement.name !== undefined ? { name: statement.name } : {};
      // Without values pg uses the simple protocol, which takes several statements in one text.
      const parameters = values.length > 0 || statement.name !== undefined ? { values: toParameters(values) } : {};
      const result = await client.query<Row>({ ...name, text: statement.text, ...parameters });
      return { rows: result.rows ?? [], count: result.rowCount ?? 0, command: result.command };
    } catch (error) {
      const ours = databaseError(error, operation);
      throw told !== undefined && isGivenUp(ours) ? told() : ours;
    } finally {
      inTime?.();
      signal?.removeEventListener("abort", aborted);
      // Else the request to cancel could meet the next statement of this connection.
      await canceling;
      ended?.abort();
    }
  };
}

/** Canceled at the server, or by the end of a connection that nothing came from any more. */
function isGivenUp(error: DataPlaneError): boolean {
  return error.code === "deadline_exceeded" || error.code === "unavailable";
}

/** With a statement under way, `end` says no farewell: it drops the connection, which fails the statement. */
function hangUp(client: Client): void {
  client.end().catch(() => undefined);
}

/** Whether a connection whose statement failed so should serve nobody else: it is dead, or a late cancel is under way. */
export function spoilsConnection(error: unknown): boolean {
  return error instanceof DataPlaneError && isGivenUp(error);
}
