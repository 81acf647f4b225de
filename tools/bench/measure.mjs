// @ts-check
// Runs one program and tells what it cost. A small program of ours, `measure`, stands in between: it waits for the child
// and reads its user and system time, wall time and peak memory from the kernel (wait4), to the microsecond.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * @typedef {object} Measurement
 * @property {number} cpuSeconds user and system
 * @property {number} wallSeconds
 * @property {number} peakRssBytes
 * @property {string} said what it printed
 */

/**
 * @param {string} measure path of the program that stands in between
 * @param {readonly string[]} command
 * @param {Readonly<Record<string, string>>} env all that the child sees of an environment, besides PATH
 * @returns {Promise<Measurement>}
 * @throws {Error} with the child's own words when it does not end with status 0
 */
export async function measured(measure, command, env) {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-measure-"));
  const report = path.join(folder, "report.json");
  try {
    const { status, said, complained } = await run(measure, [report, ...command], env);
    const failure = `${command.join(" ")} failed:\n${complained}${said}`;
    if (status !== 0) throw new Error(failure);
    const { exitCode, userSeconds, systemSeconds, wallSeconds, peakRssBytes } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    if (exitCode !== 0) throw new Error(failure);
    return { cpuSeconds: userSeconds + systemSeconds, wallSeconds, peakRssBytes, said };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} env
 * @returns {Promise<{ status: number, said: string, complained: string }>}
 */
function run(program, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      // Certificates of the environment would cost each process a tenth of a second, and proxies lead astray.
      env: { PATH: process.env["PATH"], ...env },
    });
    let said = "";
    let complained = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      complained += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ status: code ?? 1, said, complained }));
  });
}
