// @ts-check
// The Pythons that hold the Flyte SDK: virtual environments in the tools cache, each made once per set of pins.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { toolsFolder } from "./peers/cache.mjs";
import { runStep } from "./run-step.mjs";

/**
 * @typedef {object} SdkEnvironment
 * @property {string} python its interpreter
 * @property {string} version the release of the package in it
 */

/**
 * Finds the environment, or makes it with `python3 -m venv` and pip; the latter needs a package index once.
 * @param {string} root the repository's top folder
 * @param {{ requirements: string, package: string }} pinned the file of pins, relative to the root, and the one of them
 * that the environment is named after
 * @returns {Promise<SdkEnvironment>}
 * @throws {Error} saying what is missing and how to get it
 */
export async function sdkEnvironment(root, pinned) {
  const requirements = path.join(root, pinned.requirements);
  const pins = readFileSync(requirements, "utf8");
  const pin = pins.split("\n").find((line) => line.startsWith(`${pinned.package}==`));
  const version = pin?.slice(pinned.package.length + 2).trim();
  if (version === undefined) throw new Error(`read ${requirements}: no line pins ${pinned.package}`);

  const cache = toolsFolder(process.env);
  const folder = path.join(
    cache,
    `${pinned.package}-${version}-${createHash("sha256").update(pins).digest("hex").slice(0, 8)}`,
  );
  const python = path.join(folder, "bin", "python");
  const complete = path.join(folder, ".complete");
  if (!existsSync(complete)) {
    // What a broken-off attempt left behind would shadow what is missing.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    await demand(root, {
      name: "virtual environment",
      command: ["python3", "-m", "venv", folder],
      advice: "needs python3 with the venv module; on Debian: apt-get install python3-venv",
    });
    await demand(root, {
      name: `${pinned.package} ${version}`,
      command: [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        requirements,
      ],
      advice: "needs a package index that pip reaches, once",
    });
    writeFileSync(complete, pins);
  }
  return { python, version };
}

/**
 * @param {string} root
 * @param {import("./run-step.mjs").Step & { advice: string }} step `advice` is what to do when it fails
 */
async function demand(root, { advice, ...step }) {
  const status = await runStep(root, step);
  if (status !== 0) throw new Error(`make the SDK's environment: ${step.name} failed: ${advice}`);
}
