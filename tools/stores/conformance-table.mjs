// @ts-check
// What the conformance suite found, as a table: one line per driver and store, one column per topic.

import { aligned } from "./aligned.mjs";

/** @typedef {import("../vitest/report.mjs").ReportedTest} ReportedTest */

const described = /^(.+) driver > (\w+) > /;
const declares = /^(.+) driver > declares what its server does not enforce$/;

/**
 * @param {readonly ReportedTest[]} tests of any suite; those of other kinds are passed over
 * @returns {string} "N" passed, "N!M" with M failed, "N~M" with M skipped; under it what each store cannot prove
 */
export function conformanceTable(tests) {
  /** @type {Map<string, Map<string, { passed: number, failed: number, skipped: number }>>} */
  const drivers = new Map();
  /** @type {string[]} */
  const topics = [];
  for (const { name, state } of tests) {
    const [, driver, topic] = described.exec(name) ?? [];
    if (driver === undefined || topic === undefined) continue;
    if (!topics.includes(topic)) topics.push(topic);
    const row = drivers.get(driver) ?? new Map();
    drivers.set(driver, row);
    const counts = row.get(topic) ?? { passed: 0, failed: 0, skipped: 0 };
    row.set(topic, counts);
    counts[state] += 1;
  }
  const lines = [
    ["driver", ...topics],
    ...[...drivers].map(([driver, row]) => [driver, ...topics.map((topic) => cell(row.get(topic)))]),
  ];
  const declared = tests.flatMap(({ name, says = [] }) => (declares.test(name) ? says : []));
  return [...aligned(lines), ...declared].join("\n");
}

/** @param {{ passed: number, failed: number, skipped: number } | undefined} counts */
function cell(counts) {
  if (counts === undefined) return "-";
  const { passed, failed, skipped } = counts;
  return `${passed}${failed > 0 ? `!${failed}` : ""}${skipped > 0 ? `~${skipped}` : ""}`;
}
