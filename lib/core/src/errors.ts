/** What went wrong, in Connect's words; a closed set. Callers branch on this, never on text. */
export type ErrorCode =
  | "canceled"
  | "unknown"
  | "invalid_argument"
  | "deadline_exceeded"
  | "not_found"
  | "already_exists"
  | "permission_denied"
  | "resource_exhausted"
  | "failed_precondition"
  | "aborted"
  | "out_of_range"
  | "unimplemented"
  | "internal"
  | "unavailable"
  | "data_loss"
  | "unauthenticated";

/** Whose failure it is: the task's author can mend `user`, an operator `system`. */
export type ErrorOrigin = "user" | "system";

export interface ErrorDetails {
  /** Defaults to `system`. */
  readonly origin?: ErrorOrigin;
  /** The object, key or URI it concerns; never with a query string. */
  readonly ref?: string;
  readonly cause?: unknown;
}

/**
 * The one error class. `message` reads `<operation> <reference>: <what is wrong>[; <what to do>]`, lower case, values
 * quoted, and holds no secret and no signed query string.
 */
export class DataPlaneError extends Error {
  override readonly name: string = "DataPlaneError";
  readonly code: ErrorCode;
  readonly origin: ErrorOrigin;
  readonly ref: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.origin = details.origin ?? "system";
    this.ref = details.ref;
  }
}

/** `canceled`, or `deadline_exceeded` where a time-out aborted `signal`; keeps the signal's own DataPlaneError. */
export function abortError(signal: AbortSignal): DataPlaneError {
  const reason: unknown = signal.reason;
  if (reason instanceof DataPlaneError) return reason;
  const timedOut = reason instanceof DOMException && reason.name === "TimeoutError";
  return new DataPlaneError(
    timedOut ? "deadline_exceeded" : "canceled",
    timedOut ? "the time limit passed" : "canceled",
    {
      cause: reason,
    },
  );
}

/** The code of any thrown value; `internal` for what is not ours. */
export function errorCode(error: unknown): ErrorCode {
  return error instanceof DataPlaneError ? error.code : "internal";
}
