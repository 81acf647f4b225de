import { DataPlaneError, parseStorageUri } from "@flyte-dataplane/core";
import type { HealthCheck } from "@flyte-dataplane/runtime/server";
import type { DataproxyOptions } from "./options.ts";

/** How long an answer of the store stands for others, in milliseconds: monitors ask more often than stores change. */
const freshMs = 5_000;

/** Ready once the store answers a question for an object, be it there or not. What keeps it from that is logged once. */
export function storageHealth({ base, config, stores, clock, logger }: DataproxyOptions): HealthCheck {
  const { key, ...place } = parseStorageUri(base);
  const asked = [key, config.upload.storagePrefix].filter((part) => part !== "").join("/");
  let last: { readonly atMs: number; readonly fault: string | undefined } | undefined;

  const ask = async (signal: AbortSignal): Promise<string | undefined> => {
    try {
      await (await stores.bucket({ ...place, key: asked })).find(asked, { signal });
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
