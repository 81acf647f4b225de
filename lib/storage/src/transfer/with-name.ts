import { DataPlaneError } from "@flyte-dataplane/core";

/** Adds what was done to what, where an error does not tell: an abort knows nothing of whatever it ends. */
export async function withName<T>(operation: string, ref: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof DataPlaneError) || error.ref !== undefined) throw error;
    const { code, message, origin, cause = error } = error;
    throw new DataPlaneError(code, `${operation} ${ref}: ${message}`, { origin, ref, cause });
  }
}
