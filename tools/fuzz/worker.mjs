// @ts-check
// Runs one target's cases in a thread of its own, so that the thread that started it can tell a hang from slow work.
import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { lineCoverage } from "./line-coverage.mjs";
import { randomFor } from "./random.mjs";

/**
 * @typedef {object} Work
 * @property {string} root the repository's top folder; subjects are relative to it
 * @property {string} bundle module that exports `fuzzTarget`
 * @property {number} seed
 * @property {number} first number of the first case
 * @property {number} cases
 * @property {SharedArrayBuffer} progress one 32-bit integer: the number of the case that runs now
 */

/** @typedef {import("./line-coverage.mjs").LineCoverage & { subject: string }} Coverage */

/**
 * @typedef {{ kind: "target", name: string, subject: string }
 *   | { kind: "failed", index: number, stack: string, input: string }
 *   | { kind: "done", accepted: number, rejected: number, coverage: Coverage, further: Coverage[] }} Message
 */

/** @type {Work} */
const work = workerData;
const progress = new Int32Array(work.progress);
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });

const url = pathToFileURL(work.bundle).href;
/** @type {{ fuzzTarget: import("@flyte-dataplane/test-support").FuzzTarget }} */
const { fuzzTarget: target } = await import(url);
send({ kind: "target", name: target.name, subject: target.subject });

const counts = { accepted: 0, rejected: 0 };
/** @type {Message | undefined} */
let failure;
let sound = true;
/** Over some hundred thousand cases V8 loses counts of code that it compiles again: they are taken before it does. */
const casesPerTake = 20_000;
/** @type {import("node:inspector").Profiler.FunctionCoverage[][]} */
const takes = [];
for (let index = work.first; sound && index < work.first + work.cases; index += 1) {
  Atomics.store(progress, 0, index);
  sound = await runCase(index);
  if ((index + 1 - work.first) % casesPerTake === 0) takes.push(await takeFunctions());
}
// Whoever hears the verdict ends this thread at once.
target.close?.();
if (failure) send(failure);
if (sound) {
  takes.push(await takeFunctions());
  const further = (target.further ?? []).map((file) => coverage(file));
  send({ kind: "done", ...counts, coverage: coverage(target.subject), further });
}

/** @returns {Promise<import("node:inspector").Profiler.FunctionCoverage[]>} what ran since the last time */
async function takeFunctions() {
  const { result } = await session.post("Profiler.takePreciseCoverage");
  return result.find((script) => script.url === url)?.functions ?? [];
}

/**
 * @param {number} index
 * @returns {Promise<boolean>} false when the case found a defect
 */
async function runCase(index) {
  /** @type {Uint8Array} */
  let input = new Uint8Array();
  try {
    input = target.generate(randomFor(work.seed, index));
    const outcome = await target.run(input);
    if (outcome !== "accepted" && outcome !== "rejected") throw new Error(`run answered ${String(outcome)}`);
    counts[outcome] += 1;
    return true;
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    failure = { kind: "failed", index, stack, input: Buffer.from(input.subarray(0, 4096)).toString("base64") };
    return false;
  }
}

/**
 * @param {string} subject
 * @returns {Coverage} of all takes together
 */
function coverage(subject) {
  const bundle = {
    code: readFileSync(work.bundle, "utf8"),
    map: readFileSync(`${work.bundle}.map`, "utf8"),
    bundle: work.bundle,
    subject: path.join(work.root, subject),
  };
  const [first, ...others] = takes.map((functions) => lineCoverage({ ...bundle, functions }));
  if (first === undefined) return { subject, lines: 0, covered: 0, missed: [] };
  const missed = first.missed.filter((line) => others.every((other) => other.missed.includes(line)));
  return { subject, lines: first.lines, covered: first.lines - missed.length, missed };
}

/** @param {Message} message */
function send(message) {
  parentPort?.postMessage(message);
}
