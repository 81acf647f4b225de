// @ts-check
// `npm run harness`: any co-pilot program against the cases of test/harness, and recordings against one another.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundleHarness } from "./harness/bundle.mjs";
import { detect } from "./harness/detect.mjs";
import { findPeer } from "./peers/get.mjs";
import { peers } from "./peers/list.mjs";
import { treeState } from "./tree-state.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const ownBundle = path.join(root, "copilot", "dist", "flyte-copilot.mjs");
const ownDifferences = path.join(root, "test", "harness", "differences.json");

const usage = `npm run harness -- [OPTION]...
  --binary PATH        the program; our own built one by default
  --binary-arg WORD    word before the others, for a program that needs an interpreter; repeatable
  --dialect NAME       ours or reference: the rules by which it is judged (ours)
  --only TEXT          cases whose name holds the text
  --quick              an eighth of the cases
  --generated N        generated cases, half of them downloads (120)
  --seed S             what they are generated from (1)
  --parallel N         cases at a time (2)
  --record FILE        writes what was seen, for a comparison
  --list               names of the cases, which are not run
  --defects [--only TEXT]
                       our program with one mistake after the other: each has to fail a case
npm run harness -- compare FIRST.json SECOND.json [--declared FILE]
                       differences of two recordings; fails on those that are not declared
npm run harness -- predicted [--declared FILE]
                       the same for what the contract predicts of both dialects, with nothing run
A comparison ends with its counts, a run with "N passed, N failed, N skipped"; a case that says nothing of a dialect is
recorded and skipped. Needs the peer versitygw: npm run tools -- --only versitygw`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    binary: { type: "string" },
    "binary-arg": { type: "string", multiple: true, default: [] },
    dialect: { type: "string", default: "ours" },
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    generated: { type: "string", default: "120" },
    seed: { type: "string", default: "1" },
    parallel: { type: "string", default: String(Math.min(2, availableParallelism())) },
    record: { type: "string" },
    list: { type: "boolean", default: false },
    defects: { type: "boolean", default: false },
    declared: { type: "string", default: ownDifferences },
    help: { type: "boolean", default: false },
  },
});

if (options.help) console.log(usage);
else {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(`harness: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** @returns {Promise<number>} 1 when a case failed or a difference is not declared, 2 for words that mean nothing */
async function main() {
  const harness = await bundleHarness(root);
  const { dialect } = options;
  if (dialect !== "ours" && dialect !== "reference") return misused(`no dialect "${dialect}"`);
  const [command, ...files] = positionals;
  const cases = harness.selectCases({
    ...(options.only === undefined || options.defects ? {} : { only: options.only }),
    quick: options.quick,
    generated: Number(options.generated),
    seed: Number(options.seed),
  });
  if (command === "compare")
    return files.length === 2 ? compare(harness, files) : misused("compare needs two recordings");
  if (command === "predicted") return comparePredicted(harness, cases);
  if (command !== undefined) return misused(`no command "${command}"`);
  if (options.list) {
    for (const { name } of cases) console.log(name);
    return 0;
  }
  const gateway = peers(process.platform, process.arch).find(({ name }) => name === "versitygw");
  const storeProgram = gateway && findPeer(gateway);
  if (storeProgram === undefined) return misused("the peer versitygw is missing: npm run tools -- --only versitygw");
  const common = { harness, storeProgram, cases, parallel: Number(options.parallel) };
  if (options.defects) return await detect(root, { ...common, only: options.only ?? "" });
  return await run({ ...common, dialect });
}

/**
 * @param {object} given
 * @param {typeof import("../test/harness/harness.ts")} given.harness
 * @param {string} given.storeProgram
 * @param {ReturnType<typeof import("../test/harness/harness.ts").selectCases>} given.cases
 * @param {number} given.parallel
 * @param {"ours" | "reference"} given.dialect
 * @returns {Promise<number>}
 */
async function run({ harness, dialect, ...given }) {
  const own = options.binary === undefined;
  if (own && !existsSync(ownBundle)) return misused("our own program is not built: npm run build");
  const binary = own
    ? { path: process.execPath, args: [keptBundle()] }
    : { path: programPath(options.binary ?? ""), args: options["binary-arg"] };
  const tree = treeState(root);
  const { results, recording } = await harness.runHarness({
    ...given,
    binary,
    dialect,
    tell: (line) => console.log(line),
  });
  if (options.record !== undefined) writeFileSync(options.record, `${JSON.stringify(recording, undefined, 1)}\n`);
  // Only our own program, whole, proves promises.
  if (own && dialect === "ours" && options.only === undefined && !options.quick) {
    mkdirSync(path.join(root, "reports"), { recursive: true });
    const tests = results.map(({ name, state }) => ({ file: "test/harness", name, state }));
    const report = { suite: "harness", tree, node: process.version, tests, errors: [] };
    writeFileSync(path.join(root, "reports", "harness.json"), `${JSON.stringify(report, undefined, 1)}\n`);
  }
  /** @param {string} wanted */
  const count = (wanted) => results.filter(({ state }) => state === wanted).length;
  if (results.length === 0) return misused(`no case holds "${options.only}"`);
  console.log(`${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
  return count("failed") === 0 ? 0 : 1;
}

/** A copy, which no build changes under a run. */
function keptBundle() {
  const kept = path.join(root, "node_modules", ".cache", "harness", `${process.pid}-copilot.mjs`);
  copyFileSync(ownBundle, kept);
  process.once("exit", () => rmSync(kept, { force: true }));
  return kept;
}

/**
 * Runs have an environment of their own, without a PATH.
 * @param {string} name
 */
function programPath(name) {
  if (name.includes(path.sep)) return path.resolve(name);
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file)) ?? name;
}

/**
 * @param {typeof import("../test/harness/harness.ts")} harness
 * @param {string[]} files
 */
function compare(harness, files) {
  const [first, second] = files.map((file) => JSON.parse(readFileSync(file, "utf8")));
  return tellComparison(harness.compareRecordings(first, second, declared()), true);
}

/**
 * @param {typeof import("../test/harness/harness.ts")} harness
 * @param {ReturnType<typeof import("../test/harness/harness.ts").selectCases>} cases
 */
function comparePredicted(harness, cases) {
  const first = harness.predictedRecording(cases, "ours");
  const second = harness.predictedRecording(cases, "reference");
  return tellComparison(harness.compareRecordings(first, second, declared()), false);
}

/** @returns {import("../test/harness/compare.ts").Declared[]} */
function declared() {
  return JSON.parse(readFileSync(options.declared, "utf8"));
}

/**
 * @param {import("../test/harness/compare.ts").Comparison} comparison
 * @param {boolean} runs whether programs ran, so that every declaration can have been seen
 * @returns {number}
 */
function tellComparison({ compared, same, declared: meant, undeclared, unused, lonely }, runs) {
  for (const { name, at, first, second } of undeclared)
    console.log(`✗ ${name}\n    ${at}: ${shown(first)} | ${shown(second)}`);
  for (const name of lonely) console.log(`- in one recording alone: ${name}`);
  if (runs) for (const { item, cases, at } of unused) console.log(`- declared and not seen: ${item} ${cases} ${at}`);
  console.log(
    `${compared} cases compared, ${same} the same; differences: ${meant.length} declared, ${undeclared.length} undeclared`,
  );
  return undeclared.length === 0 && lonely.length === 0 && compared > 0 ? 0 : 1;
}

/** @param {unknown} value */
function shown(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/** @param {string} why */
function misused(why) {
  console.error(`harness: ${why}\n${usage}`);
  return 2;
}
