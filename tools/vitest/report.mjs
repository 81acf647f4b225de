// @ts-check
// A vitest reporter beside the readable one: writes reports/<suite>.json, which `npm run contracts` reads, and ends the
// run with one plain line of counts.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { treeState } from "../tree-state.mjs";

/**
 * @typedef {object} ReportedTest
 * @property {string} file path from the repository's top folder
 * @property {string} name titles of the enclosing blocks and of the test, joined by " > "
 * @property {"passed" | "failed" | "skipped"} state
 * @property {string} [note] why it was skipped
 */

/**
 * @typedef {object} SuiteReport
 * @property {string} suite the vitest project
 * @property {import("../tree-state.mjs").TreeState} tree the sources as the run began
 * @property {string} node version of Node
 * @property {ReportedTest[]} tests
 * @property {string[]} errors failures outside any test: a file that does not load, an unhandled rejection, a warning
 */

/**
 * @import { Reporter } from "vitest/node"
 * @implements {Reporter}
 */
export default class SuiteReporter {
  /** @type {import("vitest/node").Vitest | undefined} */
  #vitest;
  #tree = { commit: "none", digest: "" };

  /** @param {import("vitest/node").Vitest} vitest */
  onInit(vitest) {
    this.#vitest = vitest;
    this.#tree = treeState(vitest.config.root);
  }

  /**
   * @param {ReadonlyArray<import("vitest/node").TestModule>} modules
   * @param {ReadonlyArray<{ message?: string }>} unhandled
   */
  async onTestRunEnd(modules, unhandled) {
    const vitest = this.#vitest;
    if (!vitest) return;
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const outside = unhandled.map((error) => String(error.message));
    for (const project of vitest.projects) {
      const own = modules.filter((module) => module.project === project);
      const tests = own.flatMap((module) =>
        [...module.children.allTests()].map((test) => reported(vitest.config.root, test)),
      );
      for (const test of tests) counts[test.state] += 1;
      const errors = [
        ...own.flatMap((module) => module.errors().map((error) => `${module.relativeModuleId}: ${error.message}`)),
        ...outside,
      ];
      if (await isWhole(project, own, vitest.config.testNamePattern)) {
        const folder = path.join(vitest.config.root, "reports");
        mkdirSync(folder, { recursive: true });
        /** @type {SuiteReport} */
        const report = { suite: project.name, tree: this.#tree, node: process.version, tests, errors };
        writeFileSync(path.join(folder, `${project.name}.json`), `${JSON.stringify(report, undefined, 1)}\n`);
      }
    }
    const broken = modules.filter((module) => module.errors().length > 0).length + unhandled.length;
    // Vitest prints its own summary after this hook; the last line of the output is ours.
    process.once("exit", () => {
      process.stdout.write(`${counts.passed} passed, ${counts.failed + broken} failed, ${counts.skipped} skipped\n`);
    });
  }
}

/**
 * A filtered run must not replace the report of a whole one.
 * @param {import("vitest/node").TestProject} project
 * @param {import("vitest/node").TestModule[]} ran
 * @param {RegExp | undefined} namePattern
 * @returns {Promise<boolean>}
 */
async function isWhole(project, ran, namePattern) {
  if (namePattern) return false;
  const { testFiles } = await project.globTestFiles();
  const seen = new Set(ran.map((module) => module.moduleId));
  return testFiles.every((file) => seen.has(file));
}

/**
 * @param {string} root
 * @param {import("vitest/node").TestCase} test
 * @returns {ReportedTest}
 */
function reported(root, test) {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  return {
    file: path.relative(root, test.module.moduleId),
    name: test.fullName,
    // A test that never ended (a worker that died) proves nothing: it counts as failed.
    state: result.state === "pending" ? "failed" : result.state,
    ...(note ? { note } : {}),
  };
}
