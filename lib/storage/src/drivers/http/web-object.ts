import { DataPlaneError } from "@flyte-dataplane/core";
import type { Driver, FileTarget, GetOptions, ReadResult } from "../../driver.ts";
import type { WebAddress } from "./address.ts";

/** What lies behind a web address, opened. */
export interface WebObject extends ReadResult {
  /** The address without its query, for messages and logs. */
  readonly ref: string;
}

/**
 * Opens what `driver`, which reads the address's origin, finds there. Errors, also those of the body, name `get` and the
 * address without its query, which may be a signature.
 */
export async function openWebObject(driver: Driver, { key, ref }: WebAddress, options: GetOptions): Promise<WebObject> {
  const named = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      throw nameError(ref, error);
    }
  };
  const { info, body, toFile } = await named(() => driver.get(key, options));
  return {
    ref,
    info,
    body: chunks(body, ref),
    ...(toFile !== undefined && { toFile: async (target: FileTarget) => await named(() => toFile(target)) }),
  };
}

async function* chunks(body: AsyncIterable<Uint8Array>, ref: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    throw nameError(ref, error);
  }
}

function nameError(ref: string, error: unknown): DataPlaneError {
  if (!(error instanceof DataPlaneError)) {
    return new DataPlaneError("internal", `get ${ref}: unexpected failure`, { ref, cause: error });
  }
  const { code, message, origin, cause = error } = error;
  return new DataPlaneError(code, `get ${ref}: ${message}`, { ref, origin, cause });
}
