// @ts-check
// `npm run bench`: ours against its peers, side by side in one run. Ratios only: a megabyte per second says more about the
// machine than about the program.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { goPrograms } from "./bench/go-programs.mjs";
import { judgeRows } from "./bench/judge-rows.mjs";
import { runRounds } from "./bench/rounds.mjs";
import { suites } from "./bench/suite.mjs";
import { benchTable } from "./bench/table.mjs";
import { findPeer } from "./peers/get.mjs";
import { peers } from "./peers/list.mjs";
import { runStep } from "./run-step.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
/** Above it somebody else is at work, and rows that missed get a second chance. */
const busyLoad = 1.5;
/** Of a quick run, for its rounds: a minute in all with what is around them. */
const quickRoundsMs = 25_000;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: Object.keys(suites) },
    row: { type: "string", multiple: true, default: [] },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    built: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(`npm run bench -- [--only NAME]... [--row N]... [--rounds N] [--quick] [--built]
  --only NAME  ${Object.keys(suites).join(", ")}; all by default
  --row N      that row's figures alone; leaves the report alone
  --rounds N   7 by default, 3 when quick
  --quick      small bodies, within a minute; where a fixed cost outweighs them the figures only inform
  --built      takes the packages as they were built last
A figure is ours ÷ peer, of user and system time of the child, as wait4 tells it, unless a row says wall or rate. A row is
missed when its median and its best round miss the gate; above a load of ${busyLoad} it is then measured once more.
Each table is left in reports/bench-<name>.json, a quick one in reports/bench-<name>-quick.json.`);
} else {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.once(signal, () => process.exit(130));
  process.exitCode = await main();
}

/** @returns {Promise<number>} 1 when a gate was missed or a peer is, 2 for options that make no sense */
async function main() {
  const rounds = Number(options.rounds ?? (options.quick ? "3" : "7"));
  const unknown = options.only.filter((name) => !(name in suites));
  if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
    console.error(unknown.length > 0 ? `no suite ${unknown.join(", ")}` : "--rounds is a number");
    return 2;
  }
  const built = options.built || (await runStep(root, { name: "build", command: ["node", "tools/build.mjs"] })) === 0;
  if (!built) return 1;
  let missed = false;
  for (const name of options.only) missed = !(await run(name, rounds)) || missed;
  return missed ? 1 : 0;
}

/**
 * @param {string} name
 * @param {number} rounds
 * @returns {Promise<boolean>} whether all gates held
 */
async function run(name, rounds) {
  const suite = await suites[name]?.();
  if (suite === undefined) throw new Error(`no suite ${name}`);
  const programs = new Map(suite.peers.map((peer) => [peer, find(peer)]));
  const missing = suite.peers.filter((peer) => programs.get(peer) === "");
  for (const peer of missing) console.error(`bench ${name} needs ${peer}: npm run tools -- --only ${peer}`);
  if (missing.length > 0) return false;
  const go = await goPrograms(root);
  const { quick } = options;
  const prepared = await suite.prepare({ root, programs, go, quick });
  try {
    const rows = prepared.rows
      .filter(({ row }) => options.row.length === 0 || options.row.includes(row))
      .map(({ gate, ...row }) => (gate === undefined || (quick && row.fixed) ? row : { ...row, gate }));
    const load = loadavg()[0] ?? 0;
    const measure = async (/** @type {readonly import("./bench/judge-rows.mjs").Row[]} */ wanted) =>
      await runRounds(
        prepared.participants.filter((each) => wanted.some(({ ours, peer }) => [ours, peer].includes(each.name))),
        {
          measure: path.join(go, "measure"),
          rounds,
          until: quick ? performance.now() + quickRoundsMs : Number.POSITIVE_INFINITY,
          onRound: (round) => console.error(`bench ${name}: round ${round} of ${rounds}`),
        },
      );
    const measurements = await measure(rows);
    let judged = judgeRows(rows, measurements);
    const busy = loadavg()[0] ?? 0;
    const again = judged.filter(({ judgement }) => judgement.verdict === "missed");
    if (!quick && again.length > 0 && busy > busyLoad) {
      console.error(`bench ${name}: the load is ${busy.toFixed(1)}: ${again.length} rows once more`);
      const second = judgeRows(again, await measure(again));
      judged = judged.map((row) => second.find(({ ours, peer }) => ours === row.ours && peer === row.peer) ?? row);
    }
    const whole = options.row.length === 0;
    const table = [...judged, ...(whole ? await prepared.further(measurements) : [])];
    console.log(benchTable(table));
    const report = {
      suite: name,
      quick,
      rounds,
      node: process.version,
      processors: availableParallelism(),
      load: { before: load, after: busy },
      rows: table,
      measurements: Object.fromEntries(
        [...measurements].map(([who, runs]) => [who, runs.map(({ said: _said, ...figures }) => figures)]),
      ),
    };
    if (whole) write(`bench-${name}${quick ? "-quick" : ""}.json`, report);
    else console.log(`processor time of each, median round: ${costs(measurements)}`);
    return table.every(({ judgement }) => judgement !== undefined && judgement.verdict !== "missed");
  } finally {
    await prepared.close();
  }
}

/**
 * @param {string} name
 * @returns {string} its program, or nothing
 */
function find(name) {
  const peer = peers(process.platform, process.arch).find((each) => each.name === name);
  return (peer && findPeer(peer)) ?? "";
}

/**
 * @param {import("./bench/rounds.mjs").Measurements} measurements
 * @returns {string}
 */
function costs(measurements) {
  return [...measurements]
    .map(([who, runs]) => {
      const sorted = runs.map(({ cpuSeconds }) => cpuSeconds).toSorted((a, b) => a - b);
      return `${who} ${(sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(2)} s`;
    })
    .join(", ");
}

/**
 * @param {string} name
 * @param {object} report
 */
function write(name, report) {
  const folder = path.join(root, "reports");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, name), `${JSON.stringify(report, null, 2)}\n`);
}
