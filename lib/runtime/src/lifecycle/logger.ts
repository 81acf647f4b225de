/** The log of a process: one JSON line each, with secrets and signed queries blotted out before they are written. */
import type { LogFields, Logger } from "@flyte-dataplane/core";
import { type DestinationStream, type Logger as PinoLogger, pino, stdSerializers } from "pino";
import { redact } from "./redact.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Takes whole lines; standard error when absent. */
  readonly destination?: { write(line: string): void };
  /** Fields of every line, asked when it is written: the trace that it belongs to. */
  readonly context?: () => LogFields;
}

/** A logger whose `error` fields and others that hold an Error are written with their stack and causes. */
export function createLogger(options: LoggerOptions): Logger {
  const { context } = options;
  const target: DestinationStream = options.destination ?? pino.destination({ dest: 2, sync: true });
  return wrap(
    pino(
      {
        level: options.level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        ...(context !== undefined && { mixin: () => clean(context()) }),
        formatters: { level: (label) => ({ level: label }) },
      },
      target,
    ),
  );
}

function wrap(logger: PinoLogger): Logger {
  return {
    debug: (fields, message) => logger.debug(clean(fields), message),
    info: (fields, message) => logger.info(clean(fields), message),
    warn: (fields, message) => logger.warn(clean(fields), message),
    error: (fields, message) => logger.error(clean(fields), message),
    child: (fields) => wrap(logger.child(clean(fields))),
  };
}

function clean(fields: LogFields): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    result[name] = redact(name, value instanceof Error ? shortError(stdSerializers.errWithCause(value)) : value);
  }
  return result;
}

/**
 * What says of an error what happened: text, numbers and the errors behind it. Libraries hang their own objects on errors
 * as well, pg a whole client with its statements, which are no part of the story and may hold what nobody should read.
 */
function shortError(error: object): object {
  const told = Object.entries(error).filter(
    ([name, value]) => typeof value !== "object" || name === "cause" || name === "aggregateErrors",
  );
  return Object.fromEntries(told.map(([name, value]) => [name, shortCause(value)]));
}

function shortCause(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shortCause);
  return typeof value === "object" && value !== null ? shortError(value) : value;
}
