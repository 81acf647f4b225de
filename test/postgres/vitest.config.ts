// The suite of `npm run test:postgres`: all that speaks to a database, on an older PostgreSQL than the one that comes with the program.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import SuiteReporter from "../../tools/vitest/report.mjs";

const program = process.env["FLYTE_DATAPLANE_TEST_POSTGRES"];
if (program === undefined) throw new Error("start this suite with: npm run test:postgres");

export default defineConfig({
  root: fileURLToPath(new URL("../../", import.meta.url)),
  test: {
    reporters: ["default", new SuiteReporter()],
    projects: [
      {
        test: {
          name: "postgres-15",
          include: [
            "test/postgres/*.test.ts",
            "lib/runtime/test/database*.test.ts",
            "{cache-service,api}/test/**/*.test.ts",
          ],
          exclude: [
            "**/dist/**",
            // The pooler's own tests bring another program along, and tell nothing of the server behind it.
            "lib/runtime/test/database-pooler.test.ts",
            // They read plans that are for any value, which EXPLAIN gives since version 16.
            "{api,cache-service}/test/statement-plans.test.ts",
          ],
          provide: { storePrograms: {}, databasePrograms: {} },
          setupFiles: ["./tools/vitest/fail-on-warning.mjs"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
