// The suite behind `npm run test:sdk`, apart from the others because it needs a Python with the SDK's descriptors;
// tools/test-sdk.mjs installs that and says where it is.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import SuiteReporter from "../../tools/vitest/report.mjs";
import { TableReporter } from "./table-reporter.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The Python interpreter that has flyteidl2. */
    sdkPython: string;
    /** The release of flyteidl2 that the comparison is meant for. */
    sdkVersion: string;
  }
}

const sdkPython = process.env["FLYTE_DATAPLANE_SDK_PYTHON"];
const sdkVersion = process.env["FLYTE_DATAPLANE_SDK_VERSION"];
if (sdkPython === undefined || sdkVersion === undefined) throw new Error("start this suite with: npm run test:sdk");

export default defineConfig({
  root: fileURLToPath(new URL("../../", import.meta.url)),
  test: {
    name: "parity",
    include: ["test/parity/**/*.test.ts"],
    setupFiles: ["./tools/vitest/fail-on-warning.mjs"],
    reporters: ["default", new TableReporter(), new SuiteReporter()],
    provide: { sdkPython, sdkVersion },
  },
});
