// @ts-check
// `npm run test:postgres`: what speaks to a database, on PostgreSQL 15; every other suite
// runs on the one that comes with the program.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findPeer } from "./peers/get.mjs";
import { peers } from "./peers/list.mjs";
import { runStep } from "./run-step.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const filters = process.argv.slice(2);

if (filters.includes("--help")) {
  console.log(`npm run test:postgres -- [FILTER]...
  FILTER  files or other arguments of vitest; a filtered run leaves the report alone
Needs the peer postgres-15, which npm run tools gets once.`);
} else {
  process.exitCode = await main();
}

/** @returns {Promise<number>} 1 when a test failed or the server is missing */
async function main() {
  const peer = peers(process.platform, process.arch).find(({ name }) => name === "postgres-15");
  const program = peer === undefined ? undefined : findPeer(peer);
  if (program === undefined) {
    console.error("test:postgres needs postgres-15: npm run tools -- --only postgres-15");
    return 1;
  }
  const built = await runStep(root, { name: "build", command: ["node", "tools/build.mjs"] });
  if (built !== 0) return built;
  return await runStep(root, {
    name: "postgres-15",
    command: ["vitest", "run", "--config=test/postgres/vitest.config.ts", ...filters],
    env: { FLYTE_DATAPLANE_TEST_POSTGRES: program },
  });
}
