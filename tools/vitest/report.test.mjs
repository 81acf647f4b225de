// @ts-check
// Runs real small suites under the reporter and the warning trap.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, "..", "..", "node_modules");

let root = "";
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "report-"));
  symlinkSync(modules, path.join(root, "node_modules"));
  write(
    "vitest.config.mjs",
    `import SuiteReporter from ${JSON.stringify(path.join(here, "report.mjs"))};
export default { test: { reporters: [new SuiteReporter({ silenceMs: 2000 })], projects: [{ test: {
  name: "unit", include: ["*.test.mjs"], setupFiles: [${JSON.stringify(path.join(here, "fail-on-warning.mjs"))}],
} }] } };\n`,
  );
  suite("sound", `test("holds [cache 1]", () => {}); test("waits", (context) => context.skip(true, "no peer"));`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("a whole run leaves a report and ends with the counts", () => {
  const { status, lastLine } = run();
  expect({ status, lastLine }).toEqual({ status: 0, lastLine: "1 passed, 0 failed, 1 skipped" });
  expect(report()).toMatchObject({
    suite: "unit",
    node: process.version,
    errors: [],
    tests: [
      { file: "sound.test.mjs", name: "holds [cache 1]", state: "passed" },
      { file: "sound.test.mjs", name: "waits", state: "skipped", note: "no peer" },
    ],
  });
});

test("runs filtered by file or by name leave the report alone", () => {
  suite("other", `test("holds too", () => {});`);
  expect(run("sound.test.mjs").status).toBe(0);
  expect(run("-t", "holds").status).toBe(0);
  expect(existsSync(path.join(root, "reports"))).toBe(false);
});

test("a process warning fails the run though every test passed", () => {
  suite("warns", `test("warns", async () => { process.emitWarning("leak"); await new Promise(setImmediate); });`);
  const { status, lastLine } = run();
  expect({ status, lastLine }).toEqual({ status: 1, lastLine: "2 passed, 1 failed, 1 skipped" });
  expect(report().errors).toEqual([expect.stringContaining("process warning: Warning: leak")]);
});

test("a rejection that nobody handles fails the run", () => {
  suite(
    "rejects",
    `test("rejects", async () => { void Promise.reject(new Error("lost")); await new Promise(setImmediate); });`,
  );
  expect(run()).toMatchObject({ status: 1, lastLine: "2 passed, 1 failed, 1 skipped" });
});

test("a file that does not load counts as a failure", () => {
  write("broken.test.mjs", `throw new Error("broken on load");\n`);
  const { status, lastLine } = run();
  expect({ status, lastLine }).toEqual({ status: 1, lastLine: "1 passed, 1 failed, 1 skipped" });
  expect(report().errors).toEqual(["broken.test.mjs: broken on load"]);
});

test("a file whose test never yields is named, and its process ends with the run", async () => {
  suite(
    "loops",
    `import { writeFileSync } from "node:fs";
    test("loops", () => { writeFileSync("pid", String(process.pid)); for (;;); });`,
  );
  const { status, output } = run();
  expect(status).toBe(1);
  expect(output).toMatch(/not ended:\n[^]* {2}loops\.test\.mjs\n/);
  const pid = Number(readFileSync(path.join(root, "pid"), "utf8"));
  await expect.poll(() => isRunning(pid)).toBe(false);
});

/**
 * @param {number} pid
 * @returns {boolean} false also for a process that ended and was not yet collected
 */
function isRunning(pid) {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, "utf8"));
}

/**
 * @param {...string} args
 * @returns {{ status: number | null, output: string, lastLine: string | undefined }}
 */
function run(...args) {
  const vitest = path.join(modules, "vitest", "vitest.mjs");
  // The outer run's settings must not reach the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^VITEST|^NODE_ENV$|^TEST$/.test(name)),
  );
  const { status, stdout } = spawnSync(process.execPath, [vitest, "run", ...args], {
    cwd: root,
    encoding: "utf8",
    env,
  });
  return { status, output: stdout, lastLine: stdout.trimEnd().split("\n").at(-1) };
}

/** @returns {import("./report.mjs").SuiteReport} */
function report() {
  return JSON.parse(readFileSync(path.join(root, "reports", "unit.json"), "utf8"));
}

/**
 * @param {string} name
 * @param {string} body
 */
function suite(name, body) {
  write(`${name}.test.mjs`, `import { test } from "vitest";\n${body}\n`);
}

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  writeFileSync(path.join(root, file), text);
}
