// @ts-check
// Reads reports/*.json, as tools/vitest/report.mjs writes them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/**
 * Reads every suite's report. Other JSON files in the folder (tables, figures) are left alone.
 * @param {string} folder
 * @returns {import("../vitest/report.mjs").SuiteReport[]} empty when the folder does not exist
 */
export function readReports(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")))
    .filter((content) => typeof content?.suite === "string" && Array.isArray(content.tests));
}

/**
 * What a reader must know before believing the reports.
 * @param {readonly import("../vitest/report.mjs").SuiteReport[]} reports
 * @param {import("../tree-state.mjs").TreeState} now
 * @returns {string[]} one line per doubt
 */
export function doubts(reports, now) {
  if (reports.length === 0) return ["no reports: run npm test, or add --run"];
  const stale = reports
    .filter((report) => report.tree.digest !== now.digest)
    .map(
      (report) => `reports/${report.suite}.json is of other sources (${report.tree.commit.slice(0, 9)}): run it again`,
    );
  const broken = reports
    .filter((report) => report.errors.length > 0)
    .map(
      (report) =>
        `reports/${report.suite}.json has ${report.errors.length} failures outside any test: ${report.errors[0]}`,
    );
  return [...stale, ...broken];
}
