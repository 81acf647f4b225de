// @ts-check
// `npm run storm`: sidecars that are told to end at every moment of their lives, and what each left at the store.
import { randomInt } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runSuite } from "./limits/run-suite.mjs";
import { stormTable } from "./limits/storm-table.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    early: { type: "string", default: "100" },
    seed: { type: "string", default: String(randomInt(2 ** 32)) },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(`npm run storm -- [--runs N] [--early N] [--seed S]
  --runs N   sidecars signalled at random moments from \`started\` on, some of them twice; 1000 by default
  --early N  sidecars signalled before, while they start; 100 by default
  --seed S   32-bit number; a new one each time unless told
Each is process 1 in 128 MiB and half a processor. Leaves reports/storm.json; needs what npm run test:limits needs.`);
} else {
  process.exitCode = await main();
}

/** @returns {Promise<number>} */
async function main() {
  const [runs, early, seed] = [options.runs, options.early, options.seed].map(Number);
  if (!isCount(runs) || !isCount(early) || !isCount(seed)) {
    console.error("--runs, --early and --seed are whole numbers");
    return 2;
  }
  const report = path.join(root, "reports", "storm.json");
  rmSync(report, { force: true });
  const status = await runSuite(root, { name: "limits", storm: { seed, runs, early, report }, parts: ["storm"] });
  console.log(stormTable(JSON.parse(readFileSync(report, "utf8"))));
  return status;
}

/**
 * @param {number | undefined} value
 * @returns {value is number}
 */
function isCount(value) {
  return value !== undefined && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}
