/** The edge where our errors become Connect's, and back: code for code, message for message but for secrets, nothing of the cause. */

import { Code, ConnectError } from "@connectrpc/connect";
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import { redactText } from "../lifecycle/redact.ts";

const codes: Readonly<Record<ErrorCode, Code>> = {
  canceled: Code.Canceled,
  unknown: Code.Unknown,
  invalid_argument: Code.InvalidArgument,
  deadline_exceeded: Code.DeadlineExceeded,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  permission_denied: Code.PermissionDenied,
  resource_exhausted: Code.ResourceExhausted,
  failed_precondition: Code.FailedPrecondition,
  aborted: Code.Aborted,
  out_of_range: Code.OutOfRange,
  unimplemented: Code.Unimplemented,
  internal: Code.Internal,
  unavailable: Code.Unavailable,
  data_loss: Code.DataLoss,
  unauthenticated: Code.Unauthenticated,
};

const names: ReadonlyMap<Code, ErrorCode> = new Map(
  Object.entries(codes).map(([name, code]) => [code, name as ErrorCode]),
);

/**
 * What a remote caller may know of `error`. DataPlaneErrors and ConnectErrors keep code, message and details; anything
 * else reads "internal error". Never carries the cause.
 */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) {
    const plain = new ConnectError(redactText(error.rawMessage), error.code, error.metadata);
    plain.details = error.details;
    return plain;
  }
  if (error instanceof DataPlaneError) return new ConnectError(redactText(error.message), codes[error.code]);
  return new ConnectError("internal error", Code.Internal);
}

/** True for what nobody meant to answer: the caller sees "internal error" and the log must tell the rest. */
export function isUnplanned(error: unknown): boolean {
  return !(error instanceof DataPlaneError || error instanceof ConnectError);
}

/** An error of a client call in our own words; `operation` says what was called. Other values pass unchanged. */
export function fromConnectError(error: unknown, operation?: string): unknown {
  if (!(error instanceof ConnectError)) return error;
  const message = operation === undefined ? error.rawMessage : `${operation}: ${error.rawMessage}`;
  return new DataPlaneError(names.get(error.code) ?? "unknown", message, { cause: error });
}
