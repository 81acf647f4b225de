/**
 * The ports through which every part reaches the world it does not own: time, the log, figures and the
 * environment. lib/runtime implements them for processes; tests hand in fakes.
 */

/** Time. Production code never reads `Date.now()` or calls `setTimeout` itself, so that tests can own both. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Resolves after `ms` milliseconds (at once for zero or less).
   * Rejects with `canceled` as soon as `signal` aborts; the timer is then gone.
   */
  sleep(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Fields of one log line: ids and figures, never prose, never a secret or a signed query string. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A structured log. `message` is constant text; what varies goes into `fields`. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

export interface MetricOptions {
  /** Prometheus name: snake case, unit as suffix (`_seconds`, `_bytes`, `_total`). */
  readonly name: string;
  readonly help: string;
  /** Label names; every observation gives a value for each. Values come from closed sets. */
  readonly labels?: readonly string[];
}

export type MetricLabels = Readonly<Record<string, string>>;

/** Figures for operators. Asking twice for one name returns the same instrument. */
export interface Metrics {
  counter(options: MetricOptions): { add(value: number, labels?: MetricLabels): void };
  gauge(options: MetricOptions): { set(value: number, labels?: MetricLabels): void };
  histogram(options: MetricOptions & { readonly buckets: readonly number[] }): {
    observe(value: number, labels?: MetricLabels): void;
  };
}

/** Environment variables as a value; only `main.ts` files read the process's own. */
export type Env = Readonly<Record<string, string | undefined>>;
