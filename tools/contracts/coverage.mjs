// @ts-check
// Joins the promises with what the suites reported.
import { readTag } from "./tags.mjs";

/** @typedef {"proven" | "failing" | "needsReference" | "missing"} Standing */

/**
 * @typedef {object} CoveredItem
 * @property {string} contract
 * @property {string} id
 * @property {string} text
 * @property {Standing} standing
 * @property {string} [reason] why it needs the reference, or why nothing proves it yet
 * @property {{ name: string, file: string, state: string }[]} tests those with its tag
 */

/**
 * @typedef {object} Row
 * @property {string} contract
 * @property {number} items all of them: the sum of the other four
 * @property {number} proven every test with its tag passed, none was skipped
 * @property {number} failing a test with its tag failed
 * @property {number} needsReference needs a binary, a database or objects of the reference, which were not given
 * @property {number} missing no test, or only tests of which some were skipped
 */

/** Only tests in such files run against the reference itself and may prove what needs it. */
const referenceTest = /\.reference\.test\.ts$/;

/**
 * @param {readonly import("./items.mjs").Item[]} items
 * @param {readonly import("../vitest/report.mjs").ReportedTest[]} tests
 * @param {Readonly<Record<string, Readonly<Record<string, string>>>>} needsReference reason by contract and id
 * @param {Readonly<Record<string, Readonly<Record<string, string>>>>} [notYet] reason by contract and id, for items that nothing proves yet
 * @returns {{ covered: CoveredItem[], faults: string[] }} faults: one line per tag that cannot be read
 */
export function cover(items, tests, needsReference, notYet = {}) {
  /** @type {Map<string, Set<string>>} */
  const known = new Map();
  for (const { contract, id } of items) known.set(contract, (known.get(contract) ?? new Set()).add(id));

  /** @type {string[]} */
  const faults = [];
  /** @type {Map<string, import("../vitest/report.mjs").ReportedTest[]>} */
  const tagged = new Map();
  for (const test of tests) {
    try {
      const tag = readTag(test.name, known);
      for (const id of tag?.ids ?? []) {
        const key = `${tag?.contract} ${id}`;
        tagged.set(key, [...(tagged.get(key) ?? []), test]);
      }
    } catch (error) {
      faults.push(`${test.file}: "${test.name}": ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const [file, list] of /** @type {const} */ ([
    ["needs-reference.json", needsReference],
    ["not-yet.json", notYet],
  ])) {
    for (const [contract, reasons] of Object.entries(list)) {
      for (const id of Object.keys(reasons)) {
        if (!known.get(contract)?.has(id)) faults.push(`${file}: ${contract} has no item ${id}`);
      }
    }
  }

  const covered = items.map((item) => {
    const own = tagged.get(`${item.contract} ${item.id}`) ?? [];
    const reason = needsReference[item.contract]?.[item.id];
    const counting = reason === undefined ? own : own.filter((test) => referenceTest.test(test.file));
    const standsAs = standing(
      counting.map((test) => test.state),
      reason !== undefined,
    );
    const why = standsAs === "missing" ? notYet[item.contract]?.[item.id] : reason;
    return {
      ...item,
      standing: standsAs,
      ...(why === undefined ? {} : { reason: why }),
      tests: own.map(({ name, file, state }) => ({ name, file, state })),
    };
  });
  return { covered, faults };
}

/**
 * @param {readonly string[]} states of the tests that count
 * @param {boolean} needsReference
 * @returns {Standing}
 */
function standing(states, needsReference) {
  if (states.includes("failed")) return "failing";
  if (states.length > 0 && states.every((state) => state === "passed")) return "proven";
  return needsReference ? "needsReference" : "missing";
}

/**
 * One row per contract, in the order of the items.
 * @param {readonly CoveredItem[]} covered
 * @returns {Row[]}
 */
export function rows(covered) {
  const names = [...new Set(covered.map((item) => item.contract))];
  return names.map((contract) => {
    const own = covered.filter((item) => item.contract === contract);
    /** @param {Standing} wanted */
    const count = (wanted) => own.filter((item) => item.standing === wanted).length;
    return {
      contract,
      items: own.length,
      proven: count("proven"),
      failing: count("failing"),
      needsReference: count("needsReference"),
      missing: count("missing"),
    };
  });
}
