/**
 * What services may ask of PostgreSQL. Rows come back as objects by column name: bigint columns as `bigint`, bytea as
 * `Buffer`, json and jsonb parsed, timestamptz as `Date` (milliseconds; select a text or epoch where microseconds
 * matter), numeric as text.
 */

/** A value for `$1…`: arrays become PostgreSQL arrays, plain objects JSON. */
export type SqlValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Uint8Array
  | null
  | readonly SqlValue[]
  | { readonly [key: string]: unknown };

/** One SQL text. With a name it is prepared once per connection and planned once: use that for every text that is fixed. */
export interface Statement<Row extends object = Record<string, never>> {
  /** At most 63 bytes, unique per text in the process; absent for texts put together at run time. */
  readonly name?: string;
  readonly text: string;
  /** Only a type; never present. */
  readonly row?: Row;
}

/** A fixed SQL text under a name. */
export function statement<Row extends object = Record<string, never>>(name: string, text: string): Statement<Row> {
  return { name, text };
}

/**
 * A SQL text put together at run time (list filters); values still travel as `$1…`, never inside the text. Without
 * values it may hold several statements.
 */
export function dynamicStatement<Row extends object = Record<string, never>>(text: string): Statement<Row> {
  return { text };
}

export interface QueryResult<Row> {
  readonly rows: readonly Row[];
  /** Rows read or changed. */
  readonly count: number;
}

export interface QueryOptions {
  /** Cancels the statement at the server; the call then rejects with `canceled` or `deadline_exceeded`. */
  readonly signal?: AbortSignal;
  /** Runs as long as it takes, past the limit on every statement: for changes of the schema. Default false. */
  readonly unlimited?: boolean;
}

/**
 * Rejections are DataPlaneErrors: `already_exists` for a unique violation, `failed_precondition` for a foreign key or
 * check, `aborted` for a serialization failure or deadlock, `deadline_exceeded` for a statement that ran past its limit or
 * that an operator cancelled, `unavailable` when the server cannot be reached, is going down or has no connection left,
 * `invalid_argument` for a value the column cannot hold, else `internal`.
 */
export interface Queryable {
  query<Row extends object>(
    statement: Statement<Row>,
    values?: readonly SqlValue[],
    options?: QueryOptions,
  ): Promise<QueryResult<Row>>;
}

export interface Transaction extends Queryable {
  /** Delivered to listeners when the transaction commits. `payload` has at most 7,999 bytes. */
  notify(channel: string, payload: string): Promise<void>;
  /** Waits until this transaction holds the advisory lock `key`; it ends with the transaction. */
  lock(key: bigint, options?: QueryOptions): Promise<void>;
}

export interface TransactionOptions extends QueryOptions {
  /** Default `read committed`. */
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
  readonly readOnly?: boolean;
}

export interface Listener {
  /** A notification arrived. Must not throw; do the work elsewhere. */
  notified(payload: string): void;
  /** The connection was lost and is listening again: notifications may be missing, so read again. */
  missed(): void;
}

export interface Database extends Queryable {
  /**
   * Runs `body` in a transaction: commits when it resolves, rolls back when it rejects. A serialization failure or
   * deadlock runs it again (up to 5 times, with back-off), so `body` must have no effect but through its argument.
   */
  transaction<T>(body: (transaction: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Tells `listener` of every notification on `channel` once this resolved: subscribe, then read. */
  listen(channel: string, listener: Listener): Promise<Subscription>;
  /**
   * Takes the advisory lock `key` for as long as it is not released and this process lives; undefined when another
   * holds it. `lost` aborts when the connection that holds it dies: whoever relied on it must stop at once.
   */
  tryLock(key: bigint): Promise<HeldLock | undefined>;
  /** The pool's connections as they are now. */
  connections(): Connections;
  /** Ends every connection once what runs on it has ended. */
  close(): Promise<void>;
}

export interface Connections {
  readonly used: number;
  readonly idle: number;
  /** Calls that wait for one. */
  readonly waiting: number;
  /** As many as there may be. */
  readonly limit: number;
}

export interface Subscription {
  close(): void;
}

export interface HeldLock {
  readonly lost: AbortSignal;
  release(): Promise<void>;
}
