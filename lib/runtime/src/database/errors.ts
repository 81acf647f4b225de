/** PostgreSQL's and the network's errors in our words: the one place that looks at SQLSTATE. */
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";

/** By SQLSTATE, or by its class of two characters where a class has one meaning. */
const states: Readonly<Record<string, ErrorCode>> = {
  "08": "unavailable",
  "22": "invalid_argument",
  "23502": "failed_precondition",
  "23503": "failed_precondition",
  "23505": "already_exists",
  "23514": "failed_precondition",
  "23P01": "already_exists",
  "28": "unauthenticated",
  "3D": "failed_precondition",
  "40001": "aborted",
  "40P01": "aborted",
  "42501": "permission_denied",
  "53": "resource_exhausted",
  "53300": "unavailable",
  "55P03": "aborted",
  "25P03": "aborted",
  "25P04": "deadline_exceeded",
  "57014": "deadline_exceeded",
  "57P01": "unavailable",
  "57P02": "unavailable",
  "57P03": "unavailable",
  "57P05": "unavailable",
};

const systemErrors = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EACCES",
]);

/** What pg says, without a code of its own, when a connection is gone or the pool has none in time. */
const lostConnection =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed|Cannot use a pool after calling end|Connection ended)/;

/** `operation` names the statement. The server's message stays; the values of the row (`detail`) do not. */
export function databaseError(error: unknown, operation: string): DataPlaneError {
  if (error instanceof DataPlaneError) return error;
  const message = messageOf(error);
  return new DataPlaneError(codeOf(error, message), `${operation}: ${message}`, { cause: error });
}

/** A host with several addresses that all refuse gives an error of errors, whose own message is empty. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "")
    return [...new Set(error.errors.map(messageOf))].join("; ");
  return error instanceof Error ? error.message : String(error);
}

/** Worth running the transaction again as a whole, however often its body wrapped the error. */
export function isSerializationFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ["40001", "40P01"].includes(sqlState(error) ?? "") || isSerializationFailure(error.cause);
}

function codeOf(error: unknown, message: string): ErrorCode {
  const state = sqlState(error);
  if (state !== undefined && systemErrors.has(state)) return "unavailable";
  if (state !== undefined) return states[state] ?? states[state.slice(0, 2)] ?? "internal";
  return lostConnection.test(message) ? "unavailable" : "internal";
}

function sqlState(error: unknown): string | undefined {
  // pg and node both put the code there; an AggregateError of several addresses has one too.
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
