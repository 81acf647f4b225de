// @ts-check
// `npm run test:limits`: the built co-pilot in a real cgroup with a container's limits, against real store servers.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { goPrograms } from "./bench/go-programs.mjs";
import { whyNotConfined } from "./limits/confined.mjs";
import { findPeer } from "./peers/get.mjs";
import { peers } from "./peers/list.mjs";
import { runStep } from "./run-step.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const filters = process.argv.slice(2);

if (filters.includes("--help")) {
  console.log(`npm run test:limits -- [FILTER]...
  FILTER  files or other arguments of vitest; a filtered run leaves the report alone
Needs root, cgroups, Go, the peers minio and versitygw (npm run tools), 24 GiB of disk and half an hour. What is missing
skips the tests that need it, each with that reason.`);
} else {
  process.exitCode = await main();
}

/** @returns {Promise<number>} */
async function main() {
  const built = await runStep(root, { name: "build", command: ["node", "tools/build.mjs"] });
  if (built !== 0) return built;
  const measure = path.join(await goPrograms(root), "measure");
  const needs = { measure, notConfined: whyNotConfined(), storePrograms: storePrograms() };
  if (needs.notConfined !== "") console.error(`test:limits: nothing can be confined: ${needs.notConfined}`);
  return await runStep(root, {
    name: "limits",
    command: ["vitest", "run", "--config=test/limits/vitest.config.ts", ...filters],
    env: { FLYTE_DATAPLANE_LIMITS: JSON.stringify(needs) },
  });
}

/** @returns {Record<string, string>} */
function storePrograms() {
  const wanted = peers(process.platform, process.arch).filter(({ name }) => ["minio", "versitygw"].includes(name));
  return Object.fromEntries(
    wanted.flatMap((peer) => {
      const program = findPeer(peer);
      return program === undefined ? [] : [[peer.name, program]];
    }),
  );
}
