// @ts-check
// A vitest reporter beside the readable one: writes reports/<suite>.json, which `npm run contracts` reads, and ends the
// run with one plain line of counts.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { treeState } from "../tree-state.mjs";

/**
 * @typedef {object} ReportedTest
 * @property {string} file path from the repository's top folder
 * @property {string} name titles of the enclosing blocks and of the test, joined by " > "
 * @property {"passed" | "failed" | "skipped"} state
 * @property {string} [note] why it was skipped
 * @property {string[]} [says] what it declared: annotations
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
  /** Files that were handed to a worker and have not ended. @type {Set<import("vitest/node").TestModule>} */
  #open = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  #watch;
  #silenceMs;

  /**
   * @param {object} [options]
   * @param {number} [options.silenceMs] how long no test or file may end before the run is given up. A loop that never
   *   yields cannot be ended by vitest's own timeouts: they live in the process that loops.
   */
  constructor({ silenceMs = 300_000 } = {}) {
    this.#silenceMs = silenceMs;
  }

  /** @param {import("vitest/node").Vitest} vitest */
  onInit(vitest) {
    this.#vitest = vitest;
    this.#tree = treeState(vitest.config.root);
    this.#heard();
  }

  /** @param {import("vitest/node").TestModule} module */
  onTestModuleQueued(module) {
    this.#open.add(module);
    this.#heard();
  }

  /** @param {import("vitest/node").TestModule} module */
  onTestModuleEnd(module) {
    this.#open.delete(module);
    this.#heard();
  }

  onTestCaseResult() {
    this.#heard();
  }

  #heard() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#giveUp(), this.#silenceMs);
    this.#watch.unref();
  }

  /** Names what hangs and ends the run, its processes included. */
  #giveUp() {
    // Events come in batches, so that the test itself may never have been announced; its file was.
    const names = [...this.#open].map((module) => module.relativeModuleId);
    process.stdout.write(`nothing happened for ${this.#silenceMs} ms; not ended:\n  ${names.join("\n  ")}\n`);
    // Asked to close, vitest waits for its workers, and this one does not listen.
    for (const pid of children(process.pid)) process.kill(pid, "SIGKILL");
    process.exit(1);
  }

  /**
   * @param {ReadonlyArray<import("vitest/node").TestModule>} modules
   * @param {ReadonlyArray<{ message?: string }>} unhandled
   */
  async onTestRunEnd(modules, unhandled) {
    const vitest = this.#vitest;
    clearTimeout(this.#watch);
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
  const says = test.annotations().map(({ message }) => message);
  return {
    file: path.relative(root, test.module.moduleId),
    name: test.fullName,
    // A test that never ended (a worker that died) proves nothing: it counts as failed.
    state: result.state === "pending" ? "failed" : result.state,
    ...(note ? { note } : {}),
    ...(says.length > 0 ? { says } : {}),
  };
}

/**
 * @param {number} pid
 * @returns {number[]} its child processes; none where the system does not tell
 */
function children(pid) {
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return [];
  const lists = readdirSync(folder).map((thread) => readFileSync(path.join(folder, thread, "children"), "utf8"));
  return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}
