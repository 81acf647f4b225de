import { DataPlaneError } from "@flyte-dataplane/core";

/** Memory has no provider whose errors would need a table: these are all that can go wrong. */
export const memoryErrors = {
  absent: (): DataPlaneError => new DataPlaneError("not_found", "no such object"),
  taken: (): DataPlaneError => new DataPlaneError("already_exists", "the key is taken"),
  replaced: (etag: string): DataPlaneError =>
    new DataPlaneError("aborted", `the object was replaced: version "${etag}" is gone`),
  otherLength: (size: number, announced: number): DataPlaneError =>
    new DataPlaneError("data_loss", `the body has ${size} bytes, ${announced} were announced`),
  otherMd5: (): DataPlaneError => new DataPlaneError("data_loss", "the MD5 of the body is not the one announced"),
  closed: (): DataPlaneError => new DataPlaneError("failed_precondition", "the store is closed"),
} as const;
