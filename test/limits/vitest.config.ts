// `npm run test:limits`: the co-pilot as a Pod confines it, for real: process 1, nobody's user, 128 MiB and half a processor.
// tools/test-limits.mjs finds what that takes.
import { fileURLToPath } from "node:url";
import type { ProvidedContext } from "vitest";
import { defineConfig } from "vitest/config";
import SuiteReporter from "../../tools/vitest/report.mjs";

const told = process.env["FLYTE_DATAPLANE_LIMITS"];
if (told === undefined) throw new Error("start this suite with: npm run test:limits");

const { suite, needs } = JSON.parse(told) as {
  readonly suite: { readonly name: string; readonly file: string };
  readonly needs: Partial<ProvidedContext>;
};

export default defineConfig({
  root: fileURLToPath(new URL("../../", import.meta.url)),
  test: {
    name: suite.name,
    include: [suite.file],
    setupFiles: ["./tools/vitest/fail-on-warning.mjs"],
    reporters: ["default", new SuiteReporter({ silenceMs: 1_200_000 })],
    provide: needs,
    // Half a processor moves ten gibibytes.
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
