// @ts-check
// `npm run test:limits`: the built co-pilot in a real cgroup with a container's limits, against real store servers.
// Each of its parts leaves a report of its own, so that one of them can be run again without the half hour of all.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { limitsParts, runSuite } from "./limits/run-suite.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const parts = limitsParts(root);
const { values: options } = parseArgs({
  options: {
    part: { type: "string", multiple: true, default: parts },
    filter: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const unknown = options.part.find((part) => !parts.includes(part));

if (options.help) {
  console.log(`npm run test:limits -- [--part NAME]... [--filter PATTERN]
  --part NAME       one of ${parts.join(", ")}; all by default. Each leaves reports/limits-NAME.json
  --filter PATTERN  tests of such names alone; leaves the report alone
Needs root, cgroups, Go, the peers minio and versitygw (npm run tools), 24 GiB of disk and half an hour. What is missing
skips the tests that need it, each with that reason.`);
} else if (unknown !== undefined) {
  console.error(`no part "${unknown}": ${parts.join(", ")}`);
  process.exitCode = 2;
} else {
  // A short storm; `npm run storm` has the long one.
  const storm = { seed: 1, runs: 20, early: 10, report: "" };
  const filters = options.filter === undefined ? [] : ["-t", options.filter];
  process.exitCode = await runSuite(root, { name: "limits", storm, parts: options.part, filters });
}
