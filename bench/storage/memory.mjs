// @ts-check
// Row 11: the memory of ours has a ceiling, whatever the size of an object and the number of objects.
import { mkdirSync, rmSync, statfsSync } from "node:fs";
import { freemem } from "node:os";
import path from "node:path";
import { judge } from "../../tools/bench/judge.mjs";
import { measured } from "../../tools/bench/measure.mjs";
import { checkFile, checkTree, fillSparse, fillTree } from "./fill.mjs";
import { empty, env, node } from "./participants.mjs";
import { bounded } from "./rows.mjs";

const gibibyte = 1024 ** 3;
const megabyte = 1_000_000;
const ceiling = { atMost: 110 };
/** A heap that collects its garbage a little later is no growth with the work. */
const flat = { atMost: 1.25 };

/** @typedef {import("../../tools/bench/table.mjs").JudgedRow} JudgedRow */

/**
 * @param {import("../../tools/bench/rounds.mjs").Measurements} measurements
 * @param {readonly string[]} [names] participants of ours
 * @returns {JudgedRow} the highest of all runs, in MB
 */
export function peakMemory(measurements, names = bounded) {
  const peaks = names.flatMap((name) => (measurements.get(name) ?? []).map(({ peakRssBytes }) => peakRssBytes));
  const judgement = judge([Math.max(...peaks) / megabyte], ceiling);
  return { row: "11", what: "peak memory of ours in the rows above", against: "MB", gate: ceiling, judgement };
}

/**
 * @param {import("./participants.mjs").Scene} scene
 * @param {{ measure: string, www: string, scratch: string }} options
 * @returns {Promise<JudgedRow[]>}
 */
export async function flatMemory(scene, { measure, www, scratch }) {
  const peak = async (/** @type {readonly string[]} */ command, /** @type {string} */ endpoint) =>
    (await measured(measure, command, env(scene, endpoint))).peakRssBytes;
  return [...(await large(scene, www, peak)), ...(await many(scene, scratch, peak))];
}

/**
 * @param {import("./participants.mjs").Scene} scene
 * @param {string} www
 * @param {(command: readonly string[], endpoint: string) => Promise<number>} peak
 * @returns {Promise<JudgedRow[]>}
 */
async function large(scene, www, peak) {
  const { output, endpoints } = scene;
  const what = "peak memory, 8 GiB";
  const room = Math.min(freemem(), statfsSync(output).bavail * statfsSync(output).bsize);
  if (room < 10 * gibibyte) {
    return [{ row: "11", what, against: "1 GiB", gate: flat, why: `10 GiB of memory needed, ${room} bytes are free` }];
  }
  /** @type {{ down: number[], up: number[] }} */
  const peaks = { down: [], up: [] };
  for (const bytes of [gibibyte, 8 * gibibyte]) {
    const source = path.join(www, "bench", "sparse");
    const file = path.join(output, "object");
    fillSparse(source, bytes);
    empty(output);
    peaks.down.push(await peak(node(scene, "ours/get", "bench", "sparse", file), endpoints.web));
    checkFile(file, bytes);
    empty(output);
    peaks.up.push(await peak(node(scene, "ours/put", source, "bench", "sparse"), endpoints.sink));
    rmSync(source);
  }
  return [grown(`${what} down`, "1 GiB", peaks.down), grown(`${what} up, in parts`, "1 GiB", peaks.up)];
}

/**
 * @param {import("./participants.mjs").Scene} scene
 * @param {string} scratch
 * @param {(command: readonly string[], endpoint: string) => Promise<number>} peak
 * @returns {Promise<JudgedRow[]>}
 */
async function many(scene, scratch, peak) {
  const { output, treeBucket } = scene;
  const { gateway } = scene.endpoints;
  /** @type {{ down: number[], up: number[] }} */
  const peaks = { down: [], up: [] };
  for (const files of [1_000, 100_000]) {
    const source = path.join(scratch, `files-${files}`);
    const prefix = `files-${files}/`;
    const target = path.join(output, "tree");
    const shape = { files, bytes: 1024, perFolder: 1000 };
    mkdirSync(source);
    fillTree(source, shape);
    peaks.up.push(await peak(node(scene, "ours/tree", "up", treeBucket, prefix, source), gateway));
    rmSync(source, { recursive: true });
    empty(output);
    peaks.down.push(await peak(node(scene, "ours/tree", "down", treeBucket, prefix, target), gateway));
    checkTree(target, shape);
    empty(output);
  }
  const [what, against] = ["peak memory, 100,000 objects", "1,000 objects"];
  return [grown(`${what} down`, against, peaks.down), grown(`${what} up`, against, peaks.up)];
}

/**
 * @param {string} what
 * @param {string} against
 * @param {readonly number[]} peaks of little and of much work, in bytes
 * @returns {JudgedRow}
 */
function grown(what, against, [little = Number.NaN, much = Number.NaN]) {
  const shown = `${what} (${Math.round(much / megabyte)} MB)`;
  const verdict =
    much / megabyte <= ceiling.atMost ? judge([much / little], flat) : judge([Number.POSITIVE_INFINITY], flat);
  return { row: "11", what: shown, against, gate: flat, judgement: verdict };
}
