// @ts-check
// `npm run test:sdk`: against the Flyte SDK as really installed, first our messages, then our server.
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

/**
 * `npm run test:sdk -- sdk hello` runs one suite, and of it the files that match; `figures` runs only when asked for.
 * @returns {Promise<number>} exit status
 */
async function main() {
  const [only, ...files] = process.argv.slice(2);
  const suites = { parity, sdk, figures };
  for (const [name, suite] of Object.entries(suites)) {
    if (name !== only && (only !== undefined || name === "figures")) continue;
    const status = await suite(files);
    if (status !== 0) return status;
  }
  return 0;
}

/**
 * Our generated messages and services against those of the SDK.
 * @param {readonly string[]} files
 */
async function parity(files) {
  const built = await runStep(root, {
    name: "proto",
    command: ["npm", "run", "--silent", "build", "--workspace", "proto"],
  });
  if (built !== 0) return built;
  const environment = await sdkEnvironment(root, {
    requirements: "test/parity/requirements.txt",
    package: "flyteidl2",
  });
  return vitest("parity", "test/parity/vitest.config.ts", environment, files);
}

/**
 * Programs of ours through the SDK and our server.
 * @param {readonly string[]} files
 */
function sdk(files) {
  return withServer("sdk", "test/sdk/vitest.config.ts", files);
}

/**
 * How fast that server is and what it costs, as a table; minutes.
 * @param {readonly string[]} files
 */
function figures(files) {
  return withServer("figures", "test/sdk/figures/vitest.config.ts", files);
}

/**
 * @param {string} suite
 * @param {string} config
 * @param {readonly string[]} files
 */
async function withServer(suite, config, files) {
  const built = await runStep(root, { name: "build", command: ["node", "tools/build.mjs"] });
  if (built !== 0) return built;
  const environment = await sdkEnvironment(root, { requirements: "test/sdk/requirements.txt", package: "flyte" });
  return vitest(suite, config, environment, files);
}

/**
 * @param {string} suite
 * @param {string} config
 * @param {import("./sdk-environment.mjs").SdkEnvironment} environment
 * @param {readonly string[]} files
 */
function vitest(suite, config, { python, version }, files) {
  return runStep(root, {
    name: suite,
    command: ["vitest", "run", "--config", config, ...files],
    env: { FLYTE_DATAPLANE_SDK_PYTHON: python, FLYTE_DATAPLANE_SDK_VERSION: version },
  });
}
