// @ts-check
// What callers saw and what servers held, beside the rates: in milliseconds and megabytes, and without a gate.
import { judge } from "../../tools/bench/judge.mjs";

/** @typedef {import("../../tools/bench/table.mjs").JudgedRow} JudgedRow */

const megabyte = 1_000_000;
const told = ["unary", "connect-node", "connect-fastify", "bare http", "go", "grpc", "grpc-js", "bare http2"];

/**
 * @param {import("../../tools/bench/rounds.mjs").Measurements} measurements
 * @returns {JudgedRow[]}
 */
export function furtherRows(measurements) {
  return told.flatMap((name) => {
    const runs = (measurements.get(name) ?? []).map(({ said }) => JSON.parse(said.slice(said.indexOf("{"))));
    const what = ["unary", "grpc"].includes(name) ? `ours, ${name}` : name;
    return [
      reported(
        `${what}: p99 at 32 callers`,
        "ms",
        runs.map(({ p99Ms }) => p99Ms),
      ),
      reported(
        `${what}: peak memory`,
        "MB",
        runs.map(({ peakRssBytes }) => peakRssBytes / megabyte),
      ),
    ];
  });
}

/**
 * @param {string} what
 * @param {string} unit
 * @param {readonly number[]} figures
 * @returns {JudgedRow}
 */
function reported(what, unit, figures) {
  return { row: "–", what, against: unit, judgement: judge(figures, undefined) };
}
