// @ts-check
// `npm run fuzz`: every `*.fuzz.ts` of the packages against generated input. A package's siblings must be built.
import { randomInt } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundleTarget, targetFiles } from "./fuzz/bundle.mjs";
import { runTarget } from "./fuzz/run-target.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const usage = `npm run fuzz -- [--only NAME] [--cases N] [--seed S] [--case I]
  --only NAME  one target
  --cases N    cases per target, 5000 unless told
  --seed S     32-bit number; a new one each run unless told
  --case I     that case alone: what a failure prints to be replayed`;

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    cases: { type: "string", default: "5000" },
    seed: { type: "string", default: String(randomInt(2 ** 32)) },
    case: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) console.log(usage);
else process.exitCode = await main();

/** @returns {Promise<number>} 1 after a defect, 2 when nothing matches the options */
async function main() {
  const seed = count(options.seed);
  const cases = options.case === undefined ? count(options.cases) : 1;
  const first = options.case === undefined ? 0 : count(options.case);
  if (seed === undefined || cases === undefined || first === undefined) {
    console.error(usage);
    return 2;
  }
  let ran = 0;
  let defects = 0;
  for (const file of targetFiles(root)) {
    // `x.fuzz.ts` may hold any name; only its module knows it.
    const bundle = await bundleTarget(file, path.join(packageFolder(file), "dist", ".fuzz"));
    /** @type {{ fuzzTarget: import("@flyte-dataplane/test-support").FuzzTarget }} */
    const { fuzzTarget } = await import(bundle);
    if (options.only !== undefined && fuzzTarget.name !== options.only) continue;
    ran += 1;
    const result = await runTarget({ root, bundle, seed, first, cases, caseMs: 10_000 });
    if (result.defect) defects += 1;
    report(result, seed);
  }
  if (ran === 0) console.error(options.only === undefined ? "no *.fuzz.ts found" : `no target "${options.only}"`);
  console.log(`${ran} targets, ${cases} cases each, seed ${seed}: ${defects} with a defect`);
  return ran === 0 ? 2 : Math.min(defects, 1);
}

/**
 * @param {import("./fuzz/run-target.mjs").TargetResult} result
 * @param {number} seed
 */
function report({ name, accepted, rejected, coverage, further = [], defect }, seed) {
  if (defect) {
    console.log(`✗ ${name}: case ${defect.index}: ${defect.reason}`);
    if (defect.input) console.log(`  input, base64: ${defect.input}`);
    console.log(`  replay: npm run fuzz -- --only ${name} --seed ${seed} --case ${defect.index}`);
  } else if (coverage) {
    console.log(`✓ ${name}: ${accepted} accepted, ${rejected} rejected; lines of ${share(coverage)}`);
    for (const each of further) console.log(`  lines of ${share(each)}`);
  }
}

/**
 * @param {import("./fuzz/worker.mjs").Coverage} coverage
 * @returns {string}
 */
function share({ subject, lines, covered, missed }) {
  if (lines === 0) return `${subject}: not loaded`;
  const unreached = missed.length > 0 ? `; not reached: ${missed.join(" ")}` : "";
  return `${subject}: ${((100 * covered) / lines).toFixed(0)} % (${covered} of ${lines})${unreached}`;
}

/**
 * @param {string} file a source file
 * @returns {string} the folder above its `src`
 */
function packageFolder(file) {
  return file.slice(0, file.lastIndexOf(`${path.sep}src${path.sep}`));
}

/**
 * @param {string | undefined} text
 * @returns {number | undefined} undefined for what is no whole number of 32 bits
 */
function count(text) {
  const number = Number(text);
  return Number.isInteger(number) && number >= 0 && number < 2 ** 32 ? number : undefined;
}
