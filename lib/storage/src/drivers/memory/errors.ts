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
  noUpload: (): DataPlaneError => new DataPlaneError("not_found", "no such upload: it was completed or aborted"),
  noParts: (): DataPlaneError => new DataPlaneError("invalid_argument", "an object of parts has one part at least"),
  noSuchPart: (part: number): DataPlaneError =>
    new DataPlaneError("invalid_argument", `part ${part} was not uploaded, or was replaced`),
  noPartNumber: (part: number, most: number): DataPlaneError =>
    new DataPlaneError("invalid_argument", `part ${part} is not among 1 to ${most}`),
  partOrder: (): DataPlaneError => new DataPlaneError("invalid_argument", "the parts are not in ascending order"),
  partTooSmall: (part: number, least: number): DataPlaneError =>
    new DataPlaneError("invalid_argument", `part ${part} has less than ${least} bytes and is not the last`),
  partTooLarge: (bytes: number, most: number): DataPlaneError =>
    new DataPlaneError("invalid_argument", `the part has ${bytes} bytes; at most ${most} are possible`),
  closed: (): DataPlaneError => new DataPlaneError("failed_precondition", "the store is closed"),
} as const;
