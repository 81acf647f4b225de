// @ts-check
// `npm run contracts`: which promises of docs/contracts the tests of these sources prove.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cover, rows } from "./contracts/coverage.mjs";
import { contracts, readItems } from "./contracts/items.mjs";
import { doubts, readReports } from "./contracts/reports.mjs";
import { runStep } from "./run-step.mjs";
import { treeState } from "./tree-state.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

const { values: options } = parseArgs({
  options: {
    run: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    missing: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(`npm run contracts -- [--run] [--json] [--missing] [--list]
  --run      run the suites of npm test first
  --json     one row per contract: {contract, items, proven, failing, needsReference, missing}
  --missing  each item that no test proves, with the reason if tools/contracts/not-yet.json has one
  --list     each item's text and its tests`);
} else {
  process.exitCode = await main();
}

/** @returns {Promise<number>} 1 when an item fails or a tag cannot be read, or a suite of --run failed */
async function main() {
  // Suites print to stdout, which --json keeps for itself.
  const suites = options.run
    ? await runStep(root, { name: "suites", command: ["npm", "test", "--silent"], quiet: options.json })
    : 0;
  const items = contracts.flatMap((contract) =>
    readItems(contract, readFileSync(path.join(root, "docs", "contracts", contract.document), "utf8")),
  );
  const needsReference = JSON.parse(
    readFileSync(path.join(root, "tools", "contracts", "needs-reference.json"), "utf8"),
  );
  const notYet = JSON.parse(readFileSync(path.join(root, "tools", "contracts", "not-yet.json"), "utf8"));
  const reports = readReports(path.join(root, "reports"));
  const { covered, faults } = cover(
    items,
    reports.flatMap((report) => report.tests),
    needsReference,
    notYet,
  );
  const table = rows(covered);

  if (options.json) console.log(JSON.stringify(table, undefined, 2));
  else printTable(table);
  if (options.list) printItems(covered);
  if (options.missing) printItems(covered.filter((item) => item.standing === "missing" || item.standing === "failing"));
  for (const line of doubts(reports, treeState(root))) console.error(`warning: ${line}`);
  for (const fault of faults) console.error(`error: ${fault}`);
  return faults.length > 0 || suites !== 0 || table.some((row) => row.failing > 0) ? 1 : 0;
}

/** @param {import("./contracts/coverage.mjs").Row[]} table */
function printTable(table) {
  const sum = { contract: "all", items: 0, proven: 0, failing: 0, needsReference: 0, missing: 0 };
  for (const row of table) {
    sum.items += row.items;
    sum.proven += row.proven;
    sum.failing += row.failing;
    sum.needsReference += row.needsReference;
    sum.missing += row.missing;
  }
  const heads = ["contract", "items", "proven", "failing", "needs reference", "missing"];
  const cells = [...table, sum].map((row) => Object.values(row).map(String));
  const widths = heads.map((head, column) => Math.max(head.length, ...cells.map((line) => line[column]?.length ?? 0)));
  for (const line of [heads, ...cells]) {
    console.log(
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  "),
    );
  }
}

/** @param {import("./contracts/coverage.mjs").CoveredItem[]} items */
function printItems(items) {
  for (const item of items) {
    console.log(
      `\n${item.contract} ${item.id} [${item.standing}${item.reason ? `: ${item.reason}` : ""}] ${item.text}`,
    );
    for (const test of item.tests) console.log(`    ${test.state}  ${test.file}: ${test.name}`);
  }
}
