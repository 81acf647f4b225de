// @ts-check
// What the fault matrix found, as a table: one line per driver and operation, one column per fault.
import { aligned } from "./aligned.mjs";

/** @typedef {import("../vitest/report.mjs").ReportedTest} ReportedTest */

const shown = /^(\w+): ([\w ]+): (.+?)(?: at byte \d+)? ends it as (\w+), with nothing half visible and nothing left$/;
const declared = /^(\w+): ([\w ]+): (.+?): (.+)$/;

/**
 * @param {readonly ReportedTest[]} tests of any suite; those of other kinds are passed over
 * @returns {string} how each ended, `!` before what failed and `~` before what was skipped; a letter for what cannot be,
 *   explained under the table. Empty where the matrix did not run
 */
export function faultTable(tests) {
  /** @type {Map<string, Map<string, string>>} */
  const lines = new Map();
  /** @type {string[]} */
  const faults = [];
  /** @type {string[]} */
  const reasons = [];
  /** @param {string} line @param {string} fault @param {(before: string | undefined) => string} make */
  const set = (line, fault, make) => {
    if (!faults.includes(fault)) faults.push(fault);
    const cells = lines.get(line) ?? new Map();
    lines.set(line, cells);
    cells.set(fault, make(cells.get(fault)));
  };
  for (const { name, state } of tests) {
    const [, driver, operation, fault, ends] = shown.exec(name) ?? [];
    if (ends === undefined) continue;
    const mark = { passed: "", failed: "!", skipped: "~" }[state];
    // A fault that comes at several bytes is as good as its worst place.
    set(`${driver} ${operation}`, String(fault), (before) => (mark === "" ? (before ?? ends) : `${mark}${ends}`));
  }
  if (lines.size === 0) return "";
  for (const text of tests.flatMap(({ says = [] }) => says)) {
    const [, driver, operation, fault, reason] = declared.exec(text) ?? [];
    if (reason === undefined || !faults.includes(String(fault))) continue;
    if (!reasons.includes(reason)) reasons.push(reason);
    const letter = String.fromCharCode(97 + reasons.indexOf(reason));
    set(`${driver} ${operation}`, String(fault), () => `(${letter})`);
  }
  const numbered = faults.map((_, index) => String(index + 1));
  const table = [...lines].map(([line, cells]) => [line, ...faults.map((fault) => short(cells.get(fault) ?? "?"))]);
  return [
    ...aligned([["fault", ...numbered], ...table]),
    faults.map((fault, index) => `${index + 1} ${fault}`).join(" · "),
    ...reasons.map((reason, index) => `(${String.fromCharCode(97 + index)}) ${reason}`),
  ].join("\n");
}

/** @param {string} ends a code's name would make the table too wide for a terminal */
function short(ends) {
  return ends
    .replace("resource_exhausted", "full")
    .replace("failed_precondition", "precond")
    .replace("permission_denied", "denied")
    .replace("unavailable", "unavail");
}
