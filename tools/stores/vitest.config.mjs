// @ts-check
// The suites of `npm run test:stores`: tools/test-stores.mjs says which server programs there are.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import SuiteReporter from "../vitest/report.mjs";
import { suites } from "./suites.mjs";

const given = process.env["FLYTE_DATAPLANE_STORE_PROGRAMS"];
if (given === undefined) throw new Error("start this suite with: npm run test:stores");

export default defineConfig({
  root: fileURLToPath(new URL("../../", import.meta.url)),
  test: {
    reporters: ["default", new SuiteReporter()],
    projects: Object.keys(suites).map((name, order) => ({
      test: {
        name: `stores-${name}`,
        // One server after the other: each has two cores to itself.
        sequence: { groupOrder: order },
        include: [`{lib/storage,dataproxy}/test/stores/${name}*.test.ts`],
        setupFiles: ["./tools/vitest/fail-on-warning.mjs"],
        provide: { storePrograms: JSON.parse(given) },
        testTimeout: 60_000,
        hookTimeout: 180_000,
        fileParallelism: false,
      },
    })),
  },
});
