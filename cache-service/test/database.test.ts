import { cacheMigrations, databaseStore } from "@flyte-dataplane/cache-service";
import { createDatabase, migrate, statement } from "@flyte-dataplane/runtime/database";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { startTestPostgres } from "@flyte-dataplane/test-support";
import { describeCacheService, silent } from "./suite.ts";

const damage = statement("test_damage", "update cache_service_outputs set metadata = $2 where key = $1");

describeCacheService("PostgreSQL", async () => {
  const postgres = await startTestPostgres();
  const database = createDatabase({ url: postgres.url, clock: systemClock, logger: silent });
  await migrate(database, "cache_service", cacheMigrations);
  return {
    store: databaseStore(database),
    damageMetadata: async (key, bytes) => {
      await database.query(damage, [key, bytes]);
    },
    close: async () => {
      await database.close();
      await postgres.stop();
    },
  };
});
