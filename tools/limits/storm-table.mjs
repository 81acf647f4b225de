// @ts-check
// What a storm showed, for people.

/**
 * @typedef {object} StormFigures
 * @property {number} seed
 * @property {number} runs
 * @property {number} early
 * @property {Readonly<Record<string, number>>} [outcomes] how often each came of the runs from `started` on
 * @property {readonly string[]} [wrong] the runs that broke a promise
 * @property {readonly (readonly [number, Readonly<Record<string, number>>])[]} [earlyByMs] by the moment of the signal
 */

/**
 * @param {StormFigures} figures
 * @returns {string}
 */
export function stormTable({ seed, runs, early, outcomes = {}, wrong = [], earlyByMs = [] }) {
  const width = Math.max(...Object.keys(outcomes).map(({ length }) => length), 0);
  const kinds = [...new Set(earlyByMs.flatMap(([, counts]) => Object.keys(counts)))].sort();
  return [
    `\n${runs} runs from \`started\` on, seed ${seed}: ${wrong.length} wrong`,
    ...Object.entries(outcomes).map(([what, count]) => `  ${what.padEnd(width)}  ${count}`),
    ...wrong.map((line) => `  ✗ ${line}`),
    `${early} runs before it, by milliseconds from the program's start to the signal`,
    `  ${["ms".padStart(9), ...kinds].join("  ")}`,
    ...earlyByMs.map(([from, counts]) =>
      [
        `  ${`${from}–${from + 9}`.padStart(9)}`,
        ...kinds.map((kind) => String(counts[kind] ?? "").padStart(kind.length)),
      ].join("  "),
    ),
  ].join("\n");
}
