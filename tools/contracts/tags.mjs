// @ts-check
// The tag with which a test's name says what it proves: `[controller 62,64]`, the last thing in the name.

/** Naming more makes a failure say too little. */
const mostItems = 3;
const anywhere = /\[([a-z]+) ([A-Z]?\d[^\]]*)\]/g;

/**
 * @typedef {object} Tag
 * @property {string} contract
 * @property {string[]} ids
 */

/**
 * Reads a test's tag.
 * @param {string} name titles of the enclosing blocks and of the test
 * @param {ReadonlyMap<string, ReadonlySet<string>>} known the ids of each contract
 * @returns {Tag | undefined} undefined for a test that claims nothing
 * @throws {Error} naming what is wrong: a tag that is not the end of the name, a second tag, an unknown contract or
 *   item, a range, too many items
 */
export function readTag(name, known) {
  const found = [...name.matchAll(anywhere)];
  const last = found.at(-1);
  if (!last) return undefined;
  if (found.length > 1) throw new Error("more than one tag");
  if (!name.endsWith(last[0])) throw new Error(`${last[0]} is not the end of the name`);
  const contract = last[1] ?? "";
  const items = known.get(contract);
  if (!items) throw new Error(`unknown contract "${contract}"; known: ${[...known.keys()].join(", ")}`);
  const ids = (last[2] ?? "").split(",").map((id) => id.trim());
  const range = ids.find((id) => /\d\s*(-|–|…|\.\.)\s*[A-Z]?\d/.test(id));
  if (range !== undefined) throw new Error(`"${range}" is a range; name each item`);
  const unknown = ids.filter((id) => !items.has(id));
  if (unknown.length > 0) throw new Error(`${contract} has no item ${unknown.join(", ")}`);
  if (ids.length > mostItems) throw new Error(`${ids.length} items, at most ${mostItems} are allowed`);
  return { contract, ids };
}
