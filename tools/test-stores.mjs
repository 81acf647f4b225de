// @ts-check
// `npm run test:stores`: the drivers against store servers that are not ours, each a process of the suite's own.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findPeer } from "./peers/get.mjs";
import { peers } from "./peers/list.mjs";
import { runStep } from "./run-step.mjs";
import { conformanceTable } from "./stores/conformance-table.mjs";
import { faultTable } from "./stores/fault-table.mjs";
import { suites } from "./stores/suites.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const [args, filters] = split(process.argv.slice(2));

if (args.includes("--help")) {
  console.log(`npm run test:stores -- [SUITE]... [-- FILTER]
  SUITE   ${Object.keys(suites).join(", ")}; all of them by default
  FILTER  files or other arguments of vitest; a filtered run leaves the reports alone
Each suite needs programs that npm run tools gets once.`);
} else {
  process.exitCode = await main();
}

/** @returns {Promise<number>} 1 when a test failed or a server is missing, 2 for a suite that is none */
async function main() {
  const unknown = args.filter((name) => !(name in suites));
  if (unknown.length > 0) {
    console.error(`no suite ${unknown.join(", ")}; known: ${Object.keys(suites).join(", ")}`);
    return 2;
  }
  const wanted = Object.entries(suites).filter(([name]) => args.length === 0 || args.includes(name));
  const { programs, missing } = find([...new Set(wanted.flatMap(([, needed]) => needed))]);
  for (const name of missing) console.error(`test:stores needs ${name}: npm run tools -- --only ${name}`);
  const ready = wanted.filter(([, needed]) => !needed.some((name) => missing.includes(name))).map(([name]) => name);
  if (ready.length === 0) return 1;
  const built = await runStep(root, { name: "build", command: ["node", "tools/build.mjs"] });
  if (built !== 0) return built;
  const status = await runStep(root, {
    name: `stores: ${ready.join(", ")}`,
    command: [
      "vitest",
      "run",
      "--config=tools/stores/vitest.config.mjs",
      ...ready.map((name) => `--project=stores-${name}`),
      ...filters,
    ],
    env: { FLYTE_DATAPLANE_STORE_PROGRAMS: JSON.stringify(programs) },
  });
  const tests = ["conformance", ...ready.map((name) => `stores-${name}`)].flatMap(report);
  for (const table of [conformanceTable(tests), faultTable(tests)]) if (table !== "") console.log(`\n${table}`);
  return missing.length > 0 ? 1 : status;
}

/** @param {readonly string[]} names */
function find(names) {
  /** @type {Record<string, string>} */
  const programs = {};
  /** @type {string[]} */
  const missing = [];
  for (const name of names) {
    const peer = peers(process.platform, process.arch).find((each) => each.name === name);
    const program = peer && findPeer(peer);
    if (program === undefined) missing.push(name);
    else programs[name] = program;
  }
  return { programs, missing };
}

/**
 * @param {string} suite
 * @returns {import("./vitest/report.mjs").ReportedTest[]} none where the suite never ran whole
 */
function report(suite) {
  const file = path.join(root, "reports", `${suite}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).tests : [];
}

/**
 * @param {string[]} given
 * @returns {[string[], string[]]} before and after `--`
 */
function split(given) {
  const at = given.indexOf("--");
  return at < 0 ? [given, []] : [given.slice(0, at), given.slice(at + 1)];
}
