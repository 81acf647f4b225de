// @ts-check
// `npm run test:limits`: the built co-pilot in a real cgroup with a container's limits, against real store servers.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runSuite } from "./limits/run-suite.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const filters = process.argv.slice(2);

if (filters.includes("--help")) {
  console.log(`npm run test:limits -- [FILTER]...
  FILTER  files or other arguments of vitest; a filtered run leaves the report alone
Needs root, cgroups, Go, the peers minio and versitygw (npm run tools), 24 GiB of disk and half an hour. What is missing
skips the tests that need it, each with that reason.`);
} else {
  // A short storm; `npm run storm` has the long one.
  process.exitCode = await runSuite(root, {
    name: "limits",
    storm: { seed: 1, runs: 20, early: 10, report: "" },
    filters,
  });
}
