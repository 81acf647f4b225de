// @ts-check
// What `npm run bench` asks of a suite.

/**
 * @typedef {object} Prepared
 * @property {readonly import("./rounds.mjs").Participant[]} participants
 * @property {readonly import("./judge-rows.mjs").Row[]} rows
 * @property {(measurements: import("./rounds.mjs").Measurements) => Promise<import("./table.mjs").JudgedRow[]>} further
 *   rows that are not of two participants
 * @property {() => Promise<void>} close ends its servers and removes its files
 */

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {readonly string[]} peers names of `npm run tools`
 * @property {(options: { root: string, programs: ReadonlyMap<string, string>, go: string, quick: boolean }) => Promise<Prepared>} prepare
 *   `root` is the repository's top folder, `programs` are the peers, `go` the folder of the programs of `bench/go`
 */

/** @type {Readonly<Record<string, () => Promise<Suite>>>} */
export const suites = {
  copilot: async () => (await import("../../bench/copilot/suite.mjs")).suite,
  storage: async () => (await import("../../bench/storage/suite.mjs")).suite,
  rpc: async () => (await import("../../bench/rpc/suite.mjs")).suite,
};
