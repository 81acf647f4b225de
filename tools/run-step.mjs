// @ts-check
// One way to run a program for the commands in this folder: its output passes through, its time is printed.
import { spawn } from "node:child_process";
import path from "node:path";

/**
 * @typedef {object} Step
 * @property {string} name what the closing line calls it
 * @property {readonly string[]} command program and arguments; programs of node_modules/.bin come first on the PATH
 * @property {Readonly<Record<string, string>>} [env] added to the environment
 * @property {string} [folder] where it runs, relative to the root
 * @property {boolean} [quiet] its stdout goes to ours otherwise; quiet sends it to stderr
 */

/**
 * Runs a step to its end.
 * @param {string} root the repository's top folder
 * @param {Step} step
 * @returns {Promise<number>} its exit status; 1 when it was killed or did not start
 */
export async function runStep(root, step) {
  const started = performance.now();
  const status = await run(root, step);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(
    status === 0
      ? `✓ ${step.name} ${seconds} s\n`
      : `✗ ${step.name} failed after ${seconds} s (status ${status}): ${step.command.join(" ")}\n`,
  );
  return status;
}

/**
 * @param {string} root
 * @param {Step} step
 * @returns {Promise<number>}
 */
function run(root, { command, env, folder, quiet }) {
  const [program, ...args] = command;
  if (program === undefined) return Promise.resolve(1);
  const search = [path.join(root, "node_modules", ".bin"), env?.["PATH"] ?? process.env["PATH"]]
    .filter(Boolean)
    .join(path.delimiter);
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: path.join(root, folder ?? ""),
      // 2 is our stderr.
      stdio: ["ignore", quiet ? 2 : "inherit", "inherit"],
      env: { ...process.env, ...env, PATH: search },
    });
    child.once("error", (error) => {
      process.stderr.write(`${program}: ${error.message}\n`);
      resolve(1);
    });
    child.once("close", (code) => resolve(code ?? 1));
  });
}
