// `npm run test:pods`: Pods as our controller builds them, on a real kubelet. tools/test-pods.mjs finds what that takes.
import { fileURLToPath } from "node:url";
import type { ProvidedContext } from "vitest";
import { defineConfig } from "vitest/config";
import SuiteReporter from "../../tools/vitest/report.mjs";

const needs = process.env["FLYTE_DATAPLANE_PODS"];
if (needs === undefined) throw new Error("start this suite with: npm run test:pods");

export default defineConfig({
  root: fileURLToPath(new URL("../../", import.meta.url)),
  test: {
    name: "pods",
    include: ["test/pods/*.test.ts"],
    setupFiles: ["./tools/vitest/fail-on-warning.mjs"],
    reporters: ["default", new SuiteReporter({ silenceMs: 900_000 })],
    provide: JSON.parse(needs) as Partial<ProvidedContext>,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // There is one node.
    fileParallelism: false,
  },
});
