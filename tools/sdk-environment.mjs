// @ts-check
// The Python that holds the Flyte SDK's descriptors: a virtual environment in the tools cache, made once per set of pins.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { toolsFolder } from "./peers/cache.mjs";
import { runStep } from "./run-step.mjs";

/**
 * @typedef {object} SdkEnvironment
 * @property {string} python its interpreter
 * @property {string} version the release of flyteidl2 in it
 */

/**
 * Finds the environment, or makes it with `python3 -m venv` and pip; the latter needs a package index once.
 * @param {string} root the repository's top folder
 * @returns {Promise<SdkEnvironment>}
 * @throws {Error} saying what is missing and how to get it
 */
export async function sdkEnvironment(root) {
  const requirements = path.join(root, "test", "parity", "requirements.txt");
  const pins = readFileSync(requirements, "utf8");
  const version = /^flyteidl2==(\S+)$/m.exec(pins)?.[1];
  if (version === undefined) throw new Error(`read ${requirements}: no line pins flyteidl2`);

  const cache = toolsFolder(process.env);
  const folder = path.join(
    cache,
    `flyteidl2-${version}-${createHash("sha256").update(pins).digest("hex").slice(0, 8)}`,
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
      name: `flyteidl2 ${version}`,
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
