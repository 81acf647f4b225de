// The second half of `npm run test:sdk`: programs of ours, run by the Flyte SDK as users have it, on a server of ours.
// tools/test-sdk.mjs installs the SDK and says where it is.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { findPeer } from "../../tools/peers/get.mjs";
import { peers } from "../../tools/peers/list.mjs";
import SuiteReporter from "../../tools/vitest/report.mjs";

const sdkPython = process.env["FLYTE_DATAPLANE_SDK_PYTHON"];
if (sdkPython === undefined) throw new Error("start this suite with: npm run test:sdk");

const gateway = peers(process.platform, process.arch).find(({ name }) => name === "versitygw");
const versitygw = gateway === undefined ? undefined : findPeer(gateway);

export default defineConfig({
  root: fileURLToPath(new URL("../../", import.meta.url)),
  test: {
    name: "sdk",
    include: ["test/sdk/*.test.ts"],
    globalSetup: ["./test/sdk/serve-for-tests.ts"],
    setupFiles: ["./tools/vitest/fail-on-warning.mjs"],
    reporters: ["default", new SuiteReporter({ silenceMs: 600_000 })],
    provide: {
      sdkPython,
      sdkCheckout: process.env["FLYTE_SDK_CHECKOUT"] ?? "",
      storePrograms: versitygw === undefined ? {} : { versitygw },
    },
    testTimeout: 240_000,
    hookTimeout: 120_000,
    // Every action is a Python that starts: two cores have enough of one file's.
    fileParallelism: false,
  },
});
