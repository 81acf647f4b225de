// @ts-check
// Line coverage of one source file inside a bundle: V8's executed ranges, carried back over the source map.
import { SourceMap } from "node:module";
import path from "node:path";

/**
 * @typedef {object} LineCoverage
 * @property {number} lines lines of the subject that hold code
 * @property {number} covered those that ran at least once
 * @property {number[]} missed the others, 1-based
 */

/**
 * @param {object} input
 * @param {string} input.code the bundle's text
 * @param {string} input.map the bundle's source map, JSON
 * @param {string} input.bundle the bundle's path; the map's sources are relative to it
 * @param {string} input.subject absolute path of the file to report on
 * @param {readonly import("node:inspector").Profiler.FunctionCoverage[]} input.functions from precise coverage with
 *   block detail
 * @returns {LineCoverage} zero lines when the subject is not part of the bundle
 */
export function lineCoverage({ code, map, bundle, subject, functions }) {
  const counts = countsPerCharacter(code.length, functions);
  const sourceMap = new SourceMap(JSON.parse(map));
  /** @type {Map<number, boolean>} */
  const ran = new Map();
  let offset = 0;
  for (const [line, text] of code.split("\n").entries()) {
    for (let column = 0; column < text.length; column += 1) {
      const entry = sourceMap.findEntry(line, column);
      // Only where a mapping begins: the characters after it say nothing new.
      if (!("originalSource" in entry) || entry.generatedLine !== line || entry.generatedColumn !== column) continue;
      if (path.resolve(path.dirname(bundle), entry.originalSource) !== subject) continue;
      const original = entry.originalLine + 1;
      ran.set(original, (ran.get(original) ?? false) || (counts[offset + column] ?? 0) > 0);
    }
    offset += text.length + 1;
  }
  const missed = [...ran].filter(([, covered]) => !covered).map(([line]) => line);
  return { lines: ran.size, covered: ran.size - missed.length, missed: missed.sort((a, b) => a - b) };
}

/**
 * @param {number} length
 * @param {readonly import("node:inspector").Profiler.FunctionCoverage[]} functions
 * @returns {Uint32Array} how often each character's code ran
 */
function countsPerCharacter(length, functions) {
  const counts = new Uint32Array(length);
  const ranges = functions.flatMap((fn) => fn.ranges);
  // Outer ranges first: an inner one overrides the part it covers.
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
  return counts;
}
