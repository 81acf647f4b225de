/** The run service answers some failures inside a successful response; they count like any other. */
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import type { Status } from "@flyte-dataplane/proto/google/rpc/status";

const codes: readonly ErrorCode[] = [
  "unknown",
  "canceled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
];

/** The failure that `status` states; undefined for success (code 0 or no status at all). */
export function statusFailure(operation: string, status: Status | undefined): DataPlaneError | undefined {
  if (status === undefined || status.code === 0) return undefined;
  return new DataPlaneError(
    codes[status.code] ?? "unknown",
    `${operation}: the run service answered: ${status.message}`,
  );
}
