// @ts-check
// Rounds of a benchmark: every participant once a round, ours and its peers side by side in time.
import { measured } from "./measure.mjs";

/**
 * @typedef {object} Participant
 * @property {string} name
 * @property {readonly string[]} command
 * @property {Readonly<Record<string, string>>} [env]
 * @property {() => void} [before] not measured: takes away what the last run left
 * @property {() => void} [after] not measured: throws when the run did not do its work
 */

/** @typedef {Map<string, import("./measure.mjs").Measurement[]>} Measurements */

/**
 * @param {readonly Participant[]} participants
 * @param {{ measure: string, rounds: number, until: number, onRound: (round: number) => void }} options
 *   `until` (of `performance.now`) starts no further round, but always one
 * @returns {Promise<Measurements>} as many for each participant
 */
export async function runRounds(participants, { measure, rounds, until, onRound }) {
  /** @type {Measurements} */
  const all = new Map(participants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds && (round === 0 || performance.now() < until); round++) {
    // Another one is first each time: nobody always follows the same neighbour's cache.
    const turn = round % participants.length;
    for (const { name, command, env = {}, before, after } of [
      ...participants.slice(turn),
      ...participants.slice(0, turn),
    ]) {
      before?.();
      all.get(name)?.push(await measured(measure, command, env));
      after?.();
    }
    onRound(round + 1);
  }
  return all;
}
