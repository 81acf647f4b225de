import { memoryStore } from "@flyte-dataplane/cache-service";
import { describeCacheService } from "./suite.ts";

describeCacheService("memory", async () => {
  const store = memoryStore();
  return {
    store,
    damageMetadata: async (key, metadata) => {
      await store.replaceOutput(
        key,
        (existing) =>
          existing && { uri: existing.uri, lastUpdated: existing.lastUpdated, metadata: metadata ?? new Uint8Array() },
        new AbortController().signal,
      );
    },
    close: async () => {},
  };
});
