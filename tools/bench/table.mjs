// @ts-check
// Rows of a benchmark as people read them.

/**
 * @typedef {object} JudgedRow
 * @property {string} row number in the list of gates
 * @property {string} what
 * @property {string} against what the figure is divided by, or its unit
 * @property {import("./judge.mjs").Gate} [gate]
 * @property {import("./judge.mjs").Judgement} [judgement] absent where it was not measured
 * @property {string} [why] it was not
 */

/**
 * @param {readonly JudgedRow[]} rows
 * @returns {string} a Markdown table, aligned
 */
export function benchTable(rows) {
  const cells = rows.map(({ row, what, against, gate, judgement, why }) => [
    row,
    what,
    against,
    ...(judgement === undefined
      ? ["–", "–", "–"]
      : [figure(judgement.median), figure(judgement.best), figure(judgement.worst)]),
    gate === undefined ? "–" : "atMost" in gate ? `≤ ${gate.atMost}` : `≥ ${gate.atLeast}`,
    judgement === undefined ? `not measured: ${why ?? "?"}` : judgement.verdict,
  ]);
  const head = ["row", "what", "ours ÷", "median", "best", "worst", "gate", "verdict"];
  const widths = head.map((title, at) => Math.max(title.length, ...cells.map((line) => (line[at] ?? "").length)));
  const line = (/** @type {readonly string[]} */ columns) =>
    `| ${columns.map((text, at) => text.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n");
}

/**
 * Three digits that count.
 * @param {number} value
 * @returns {string}
 */
function figure(value) {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}
