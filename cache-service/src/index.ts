export { type CacheServiceConfig, cacheServiceSection } from "./config.ts";
export { type CacheServiceOptions, createCacheService } from "./service.ts";
export { databaseStore } from "./store/database.ts";
export { memoryStore } from "./store/memory.ts";
export { cacheMigrations } from "./store/migrations.ts";
export type { CacheStore, OutputWrite, StoredOutput, StoredReservation } from "./store/store.ts";
