// `npm run test:limits`: the co-pilot as a Pod confines it, for real: process 1, nobody's user, 128 MiB and half a processor.
// tools/test-limits.mjs finds what that takes.
import { fileURLToPath } from "node:url";
import type { ProvidedContext } from "vitest";
import { defineConfig } from "vitest/config";
import SuiteReporter from "../../tools/vitest/report.mjs";

const needs = process.env["FLYTE_DATAPLANE_LIMITS"];
if (needs === undefined) throw new Error("start this suite with: npm run test:limits");

export default defineConfig({
  root: fileURLToPath(new URL("../../", import.meta.url)),
  test: {
    name: "limits",
    include: ["test/limits/*.test.ts"],
    setupFiles: ["./tools/vitest/fail-on-warning.mjs"],
    reporters: ["default", new SuiteReporter({ silenceMs: 1_200_000 })],
    provide: JSON.parse(needs) as Partial<ProvidedContext>,
    // Half a processor moves ten gibibytes.
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
