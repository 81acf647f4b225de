// @ts-check
// From what was measured to the rows of the table.
import { judge, ratios } from "./judge.mjs";

/**
 * A row that holds one participant against another.
 * @typedef {object} Row
 * @property {string} row number in the list of gates
 * @property {string} what
 * @property {string} against the peer, as the table names it
 * @property {string} ours name of a participant
 * @property {string} peer name of a participant
 * @property {"cpu" | "wall" | "rate"} metric of the whole child; `rate` is the number that it printed
 * @property {boolean} [fixed] small bodies cost less than starting a program does: a quick run only reports it
 * @property {import("./judge.mjs").Gate} [gate] none for a row that is only reported
 */

/**
 * @param {readonly Row[]} rows
 * @param {import("./rounds.mjs").Measurements} measurements
 * @returns {(Row & { ratios: readonly number[], judgement: import("./judge.mjs").Judgement })[]}
 */
export function judgeRows(rows, measurements) {
  return rows.map((row) => {
    const figures = (/** @type {string} */ name) =>
      (measurements.get(name) ?? []).map((measurement) => figureOf(measurement, row.metric));
    const perRound = ratios(figures(row.ours), figures(row.peer));
    return { ...row, ratios: perRound, judgement: judge(perRound, row.gate) };
  });
}

/**
 * @param {import("./measure.mjs").Measurement} measurement
 * @param {Row["metric"]} metric
 * @returns {number}
 */
function figureOf(measurement, metric) {
  if (metric === "cpu") return measurement.cpuSeconds;
  return metric === "wall" ? measurement.wallSeconds : Number.parseFloat(measurement.said);
}
