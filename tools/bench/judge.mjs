// @ts-check
// What the rounds of a benchmark say about a row: pure figures.

/**
 * A bound on a ratio. `atMost`: less is better; `atLeast`: more is.
 * @typedef {{ readonly atMost: number } | { readonly atLeast: number }} Gate
 */

/**
 * @typedef {object} Judgement
 * @property {number} median
 * @property {number} best
 * @property {number} worst
 * @property {"held" | "missed" | "report"} verdict `report` where there is no gate
 */

/**
 * A row misses its gate only when the median and the best round both do: one quiet round shows what is possible.
 * @param {readonly number[]} figures one per round, at least one
 * @param {Gate | undefined} gate
 * @returns {Judgement}
 */
export function judge(figures, gate) {
  const sorted = figures.toSorted((a, b) => a - b);
  const [least = Number.NaN] = sorted;
  const most = sorted.at(-1) ?? Number.NaN;
  const middle = median(sorted);
  if (gate === undefined) return { median: middle, best: least, worst: most, verdict: "report" };
  if ("atMost" in gate) {
    const held = middle <= gate.atMost || least <= gate.atMost;
    return { median: middle, best: least, worst: most, verdict: held ? "held" : "missed" };
  }
  const held = middle >= gate.atLeast || most >= gate.atLeast;
  return { median: middle, best: most, worst: least, verdict: held ? "held" : "missed" };
}

/**
 * Of each round's own pair, so that what slows one round down slows both sides of its ratio.
 * @param {readonly number[]} ours
 * @param {readonly number[]} peer as many
 * @returns {number[]}
 */
export function ratios(ours, peer) {
  if (ours.length !== peer.length) throw new Error(`${ours.length} rounds of ours and ${peer.length} of the peer`);
  return ours.map((figure, round) => figure / (peer[round] ?? Number.NaN));
}

/**
 * @param {readonly number[]} sorted
 * @returns {number}
 */
function median(sorted) {
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}
