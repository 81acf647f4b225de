// @ts-check
// Gets one peer into the cache, or finds it there.
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { runStep } from "../run-step.mjs";
import { sdkEnvironment } from "../sdk-environment.mjs";
import { once, toolsFolder } from "./cache.mjs";

/**
 * @param {string} root the repository's top folder
 * @param {import("./list.mjs").Peer} peer
 * @returns {Promise<string>} path of its program
 * @throws {Error} naming the peer and what is missing
 */
export async function getPeer(root, { name, recipe }) {
  if (!recipe) throw new Error(`get ${name}: no recipe yet`);
  const { from = name, version, binary = name } = recipe;
  if (recipe.with === "sdk") return (await sdkEnvironment(root, { requirements: version, package: from })).python;
  if (recipe.with === "debian") return await debianProgram(root, name, from, binary);
  const { folder, inside } = place({ name, recipe });
  await once(folder, async (scratch) => {
    const step = recipe.with === "npm" ? npmInstall(scratch, from, version) : goInstall(scratch, from, version);
    if ((await runStep(root, { ...step, name: `get ${name}` })) !== 0) {
      throw new Error(`get ${name}: ${step.command.slice(0, 2).join(" ")} ${from}@${version} failed; ${step.needs}`);
    }
    // Build products only: the program is what is kept.
    rmSync(path.join(scratch, "pkg"), { recursive: true, force: true });
  });
  const program = path.join(folder, inside);
  if (!existsSync(program)) throw new Error(`get ${name}: ${program} is missing; remove ${folder} and try again`);
  return program;
}

/**
 * The peer's program where it was got before, without getting it.
 * @param {import("./list.mjs").Peer} peer of Go, npm or Debian
 * @returns {string | undefined}
 */
export function findPeer({ name, recipe }) {
  if (!recipe) return undefined;
  if (recipe.with === "debian") return findProgram(recipe.binary ?? name);
  const { folder, inside } = place({ name, recipe });
  const program = path.join(folder, inside);
  return existsSync(program) ? program : undefined;
}

/**
 * @param {{ name: string, recipe: import("./list.mjs").Recipe }} peer
 * @returns {{ folder: string, inside: string }}
 */
function place({ name, recipe: { from = name, version, binary = name, with: manager } }) {
  return {
    folder: path.join(toolsFolder(process.env), name.endsWith(version) ? name : `${name}-${version}`),
    inside: manager === "npm" ? path.join("node_modules", from, binary) : binary,
  };
}

/**
 * Packages of the system go where the system wants them: their programs are linked to each other.
 * @param {string} root
 * @param {string} name
 * @param {string} packages
 * @param {string} program
 * @returns {Promise<string>}
 */
async function debianProgram(root, name, packages, program) {
  const install = `apt-get install --yes --no-install-recommends ${packages}`;
  if (findProgram(program) === undefined) {
    await runStep(root, { name: `get ${name}`, command: ["sh", "-c", `apt-get update && ${install}`] });
  }
  const found = findProgram(program);
  if (found === undefined) throw new Error(`get ${name}: ${program} is not on the PATH; as root on Debian: ${install}`);
  return found;
}

/**
 * @param {string} program
 * @returns {string | undefined} where the PATH has it
 */
export function findProgram(program) {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  return folders.map((folder) => path.join(folder, program)).find((file) => existsSync(file));
}

/**
 * @param {string} scratch
 * @param {string} from
 * @param {string} version
 */
function npmInstall(scratch, from, version) {
  const flags = ["--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  return {
    command: ["npm", "install", "--prefix", scratch, ...flags, `${from}@${version}`],
    needs: "it needs the package registry, once",
  };
}

/**
 * @param {string} scratch
 * @param {string} from
 * @param {string} version
 */
function goInstall(scratch, from, version) {
  return {
    command: ["go", "install", `${from}@${version}`],
    env: { GOBIN: scratch },
    needs: "it needs Go 1.24 or newer and the module proxy, once",
  };
}
