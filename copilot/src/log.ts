import type { Clock, LogFields, Logger } from "@flyte-dataplane/core";

const levels = { error: 2, warning: 3, info: 4, debug: 5 } as const;

type Level = keyof typeof levels;

/** From this `level` on, lines of info are written. */
export const infoLevel: number = levels.info;

export const logFormats = ["json", "text", "gcp"] as const;

export interface LoggerSettings {
  /** Most verbose number written: 0 panic … 2 error, 3 warning, 4 info, 5 debug; below 0 nothing. */
  readonly level: number;
  readonly format: (typeof logFormats)[number];
}

export interface LogOptions extends LoggerSettings {
  readonly clock: Clock;
  /** Takes one line, newline included. */
  readonly write: (line: string) => void;
  readonly fields?: LogFields;
}

/** One line per message, in the form that readers of the co-pilot's log expect. */
export function createLog(options: LogOptions): Logger {
  const fields = options.fields ?? {};
  const line =
    (level: Level) =>
    (more: LogFields, msg: string): void => {
      if (levels[level] > options.level) return;
      const ts = `${new Date(options.clock.now()).toISOString().slice(0, 19)}Z`;
      options.write(`${forms[options.format](level, msg, ts, { ...fields, ...more })}\n`);
    };
  return {
    error: line("error"),
    warn: line("warning"),
    info: line("info"),
    debug: line("debug"),
    child: (more) => createLog({ ...options, fields: { ...fields, ...more } }),
  };
}

type Form = (level: Level, msg: string, ts: string, fields: LogFields) => string;

/** `json` keeps the fields apart; `gcp` is what Google's log reader takes for severity, text and time. */
const forms: Readonly<Record<LoggerSettings["format"], Form>> = {
  json: (level, msg, ts, fields) => JSON.stringify({ json: fields, level, msg, ts }),
  text: (level, msg, ts, fields) =>
    [`time=${JSON.stringify(ts)}`, `level=${level}`, `msg=${JSON.stringify(msg)}`, ...pairs(fields)].join(" "),
  gcp: (level, msg, ts, fields) =>
    JSON.stringify({ ...fields, severity: level.toUpperCase(), message: msg, timestamp: ts }),
};

function pairs(fields: LogFields): readonly string[] {
  return Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
}
