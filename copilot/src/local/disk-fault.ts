/** What the file system says where something of the task is looked for. */
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";

/** Whether nothing is there: the one fault that is an answer. */
export function isAbsent(error: unknown): boolean {
  return systemCode(error) === "ENOENT";
}

const codes: Readonly<Record<string, ErrorCode>> = {
  EACCES: "permission_denied",
  EPERM: "permission_denied",
  ELOOP: "failed_precondition",
  ENOTDIR: "failed_precondition",
  EISDIR: "failed_precondition",
  ENAMETOOLONG: "failed_precondition",
};

/** A failed read of `file`, named; what is a `DataPlaneError` already stays what it is. */
export function readFault(file: string, cause: unknown): DataPlaneError {
  if (cause instanceof DataPlaneError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DataPlaneError(codes[systemCode(cause)] ?? "internal", `read ${file}: ${why}`, { ref: file, cause });
}

function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
