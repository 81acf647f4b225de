// @ts-check
// `npm run test:sdk`: our generated messages and services against those of the Flyte SDK, as really installed.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runStep } from "./run-step.mjs";
import { sdkEnvironment } from "./sdk-environment.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`test:sdk: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** @returns {Promise<number>} exit status */
async function main() {
  const built = await runStep(root, {
    name: "proto",
    command: ["npm", "run", "--silent", "build", "--workspace", "proto"],
  });
  if (built !== 0) return built;
  const sdk = await sdkEnvironment(root);
  return runStep(root, {
    name: "parity",
    command: ["vitest", "run", "--config", "test/parity/vitest.config.ts"],
    env: { FLYTE_DATAPLANE_SDK_PYTHON: sdk.python, FLYTE_DATAPLANE_SDK_VERSION: sdk.version },
  });
}
