import { DataPlaneError } from "@flyte-dataplane/core";
import type { CallOptions } from "./driver.ts";

/** A write that failed and whose parts stay in the store, since their removal failed as well: that can be tried again. */
export class UploadLeft extends DataPlaneError {
  /** Why the write failed. */
  readonly failure: DataPlaneError;
  readonly remove: (options: CallOptions) => Promise<void>;

  constructor(failure: DataPlaneError, ofRemoval: Error, remove: (options: CallOptions) => Promise<void>) {
    const { code, message, origin, ref, cause = failure } = failure;
    super(code, `${message}; the parts stored so far stay: ${ofRemoval.message}`, {
      origin,
      cause,
      ...(ref !== undefined && { ref }),
    });
    this.failure = failure;
    this.remove = remove;
  }
}
