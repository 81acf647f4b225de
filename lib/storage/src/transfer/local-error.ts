import { DataPlaneError } from "@flyte-dataplane/core";
import { fileError, systemCode } from "../drivers/file/errors.ts";

/** Where the file system's word means something else for a local file than for an object of a store. */
const meanings: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  ENOTDIR: "a part of its path is a file, not a folder",
  EISDIR: "a folder stands in its place",
  ENOTEMPTY: "a folder stands in its place",
  EEXIST: "something stands in its place",
  ELOOP: "it is a symbolic link",
  ENXIO: "it is a pipe, socket or device, not a file",
  ENAMETOOLONG: "a part of its path is longer than a file name may be",
};

const blocked: ReadonlySet<string> = new Set(["ENOTDIR", "EISDIR", "ENOTEMPTY", "EEXIST", "ELOOP"]);

/** Names a failure of `operation` on a local file; errors that are ours already pass. */
export function localError(operation: string, file: string, error: unknown): DataPlaneError {
  if (error instanceof DataPlaneError) return error;
  const system = systemCode(error);
  const known = fileError(error);
  const code = blocked.has(system) ? "failed_precondition" : known.code;
  return new DataPlaneError(code, `${operation} ${file}: ${meanings[system] ?? known.message}`, {
    origin: code === "failed_precondition" ? "user" : "system",
    ref: file,
    cause: error,
  });
}
