import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";

/** What a system error means for an object, whatever the operation was. */
export const fileErrorTable: Readonly<Record<string, { readonly code: ErrorCode; readonly meaning: string }>> = {
  ENOENT: { code: "not_found", meaning: "no such object" },
  // A component of the path is a file: nothing can be below it.
  ENOTDIR: { code: "not_found", meaning: "no such object" },
  EISDIR: { code: "not_found", meaning: "it is a folder, not an object" },
  EEXIST: { code: "already_exists", meaning: "the key is taken" },
  EACCES: { code: "permission_denied", meaning: "the file system refuses access; check owner and mode" },
  EPERM: { code: "permission_denied", meaning: "the file system refuses access; check owner and mode" },
  EROFS: { code: "permission_denied", meaning: "the file system is mounted read-only" },
  ENOSPC: { code: "resource_exhausted", meaning: "no space left on the device" },
  EDQUOT: { code: "resource_exhausted", meaning: "the disk quota is used up" },
  EFBIG: { code: "resource_exhausted", meaning: "the file is larger than the file system or process may have" },
  EMFILE: { code: "resource_exhausted", meaning: "this process has no file descriptor left" },
  ENFILE: { code: "resource_exhausted", meaning: "the machine has no file descriptor left" },
  ENOMEM: { code: "resource_exhausted", meaning: "the machine has no memory left" },
  ENAMETOOLONG: { code: "invalid_argument", meaning: "a part of the key is longer than a file name may be" },
  EILSEQ: { code: "invalid_argument", meaning: "the file system refuses the characters of the key" },
  ELOOP: { code: "failed_precondition", meaning: "the path runs through too many symbolic links" },
  ENXIO: { code: "failed_precondition", meaning: "it is no regular file" },
  EIO: { code: "unavailable", meaning: "the device reported an input or output error" },
  ESTALE: { code: "unavailable", meaning: "the network file system lost the file" },
  ETIMEDOUT: { code: "unavailable", meaning: "the network file system does not answer" },
};

/** On the way to a new object, a path that is blocked is no absence: somebody has to move what blocks it. */
const blockedPaths: Readonly<Record<string, string>> = {
  ENOTDIR: "a part of its path is an object already, and a file cannot also be a folder",
  EEXIST: "a part of its path is an object already, and a file cannot also be a folder",
  EISDIR: "other objects lie below it, and a folder cannot also be a file",
  ENOTEMPTY: "other objects lie below it, and a folder cannot also be a file",
};

/** Translates any failure of a file operation; errors that are ours already pass. */
export function fileError(error: unknown): DataPlaneError {
  if (error instanceof DataPlaneError) return error;
  const system = systemCode(error);
  const row = fileErrorTable[system];
  if (row !== undefined) return new DataPlaneError(row.code, row.meaning, { cause: error });
  return new DataPlaneError("internal", `the file system answered "${system === "" ? String(error) : system}"`, {
    cause: error,
  });
}

/** As `fileError`, for the steps that bring an object to its place. */
export function placementError(error: unknown): DataPlaneError {
  const blocked = error instanceof DataPlaneError ? undefined : blockedPaths[systemCode(error)];
  return blocked === undefined
    ? fileError(error)
    : new DataPlaneError("failed_precondition", blocked, { cause: error });
}

/** `ENOENT` and its like; empty for anything else. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
