// @ts-check
// `npm run build`: generated messages, then every package in dependency order, then what packages bundle.
// Each step is incremental; with nothing to do the whole costs about a second.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runStep } from "./run-step.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

const steps = [
  packageScript("proto", "build"),
  { name: "compile", command: ["tsc", "-b", ...references()] },
  ...bundles().map((folder) => packageScript(folder, "bundle")),
];
for (const step of steps) {
  const status = await runStep(root, step);
  if (status !== 0) {
    process.exitCode = status;
    break;
  }
}

/**
 * The packages of the root tsconfig that have a source file; an empty project is an error to the compiler.
 * @returns {string[]} folders, relative to the root
 */
function references() {
  const config = JSON.parse(readFileSync(path.join(root, "tsconfig.json"), "utf8"));
  /** @type {{ path: string }[]} */
  const listed = config.references;
  return listed.map((entry) => entry.path).filter((folder) => hasSources(path.join(root, folder, "src")));
}

/**
 * @param {string} folder
 * @returns {boolean}
 */
function hasSources(folder) {
  return (
    existsSync(folder) &&
    readdirSync(folder, { recursive: true }).some((name) => /(?<!\.test|\.fuzz)\.ts$/.test(String(name)))
  );
}

/** @returns {string[]} workspaces whose package.json has a `bundle` script */
function bundles() {
  const { workspaces } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return /** @type {string[]} */ (workspaces).filter((folder) => scripts(folder)["bundle"] !== undefined);
}

/**
 * A package's own script, without the third of a second that another npm would take to start.
 * @param {string} folder
 * @param {string} name
 * @returns {import("./run-step.mjs").Step}
 */
function packageScript(folder, name) {
  return { name: `${name} ${folder}`, command: ["sh", "-c", scripts(folder)[name] ?? "exit 1"], folder };
}

/**
 * @param {string} folder
 * @returns {Record<string, string>}
 */
function scripts(folder) {
  return JSON.parse(readFileSync(path.join(root, folder, "package.json"), "utf8")).scripts ?? {};
}
