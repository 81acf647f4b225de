import { DataPlaneError, joinUri, parseStorageUri } from "@flyte-dataplane/core";
import type { HealthCheck } from "@flyte-dataplane/runtime/server";
import type { DataproxyOptions } from "./options.ts";

/** How long an answer of the store stands for others, in milliseconds: monitors ask more often than stores change. */
const freshMs = 5_000;

/**
 * Ready once the store lists a folder, which nobody ever fills: unlike a question for one object, that is refused where
 * there is no bucket. What keeps the store from it is logged once.
 */
export function storageHealth({ base, stores, clock, logger }: DataproxyOptions): HealthCheck {
  const uri = parseStorageUri(joinUri(base, "readiness"));
  let last: { readonly atMs: number; readonly fault: string | undefined } | undefined;

  const ask = async (signal: AbortSignal): Promise<string | undefined> => {
    try {
      const bucket = await stores.bucket(uri);
      for await (const _ of bucket.list(`${uri.key}/`, { signal })) break;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  return {
    name: "storage",
    check: async (signal) => {
      if (last === undefined || clock.now() - last.atMs >= freshMs) {
        const fault = await ask(signal);
        if (fault !== undefined && fault !== last?.fault) logger.warn({ base, fault }, "the store does not answer");
        last = { atMs: clock.now(), fault };
      }
      if (last.fault !== undefined) throw new DataPlaneError("unavailable", last.fault);
    },
  };
}
