import type { Clock, LogFields, Logger } from "@flyte-dataplane/core";

const levels = { error: 2, warning: 3, info: 4, debug: 5 } as const;

export interface LogOptions {
  /** Most verbose number written: 0 panic … 2 error, 3 warning, 4 info, 5 debug. */
  readonly level: number;
  readonly clock: Clock;
  /** Takes one line, newline included. */
  readonly write: (line: string) => void;
  readonly fields?: LogFields;
}

/** One JSON object per line in the form that readers of the co-pilot's log expect: fields apart under `json`. */
export function createLog(options: LogOptions): Logger {
  const fields = options.fields ?? {};
  const line =
    (level: keyof typeof levels) =>
    (more: LogFields, msg: string): void => {
      if (levels[level] > options.level) return;
      const ts = `${new Date(options.clock.now()).toISOString().slice(0, 19)}Z`;
      options.write(`${JSON.stringify({ json: { ...fields, ...more }, level, msg, ts })}\n`);
    };
  return {
    error: line("error"),
    warn: line("warning"),
    info: line("info"),
    debug: line("debug"),
    child: (more) => createLog({ ...options, fields: { ...fields, ...more } }),
  };
}
