// `npm run test:sdk -- figures`: how fast the server of the sdk suite is and what it costs. Apart from that suite, because
// it takes minutes and its answer is a table.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import SuiteReporter from "../../../tools/vitest/report.mjs";

const sdkPython = process.env["FLYTE_DATAPLANE_SDK_PYTHON"];
if (sdkPython === undefined) throw new Error("start this suite with: npm run test:sdk -- figures");

const silenceMs = 1_800_000;

export default defineConfig({
  root: fileURLToPath(new URL("../../../", import.meta.url)),
  test: {
    name: "figures",
    include: ["test/sdk/figures/*.test.ts"],
    globalSetup: ["./test/sdk/serve-for-tests.ts"],
    setupFiles: ["./tools/vitest/fail-on-warning.mjs"],
    reporters: ["default", new SuiteReporter({ silenceMs })],
    provide: { sdkPython, sdkCheckout: "" },
    testTimeout: silenceMs,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
