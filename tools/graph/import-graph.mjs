// @ts-check
// Reads who imports whom under a folder and holds it against the rules of .dependency-cruiser.cjs.
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";

const rulesFile = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", ".dependency-cruiser.cjs");

/** The folders that hold code of ours. */
const sourceFolders = [
  "proto",
  "lib",
  "copilot",
  "dataproxy",
  "cache-service",
  "controller",
  "api",
  "manager",
  "test",
  "tools",
];

/**
 * @typedef {object} Violation
 * @property {string} rule
 * @property {string} from importing file, relative to the root
 * @property {string} to imported file or package
 */

/**
 * @typedef {object} ImportGraph
 * @property {string[]} sources files of ours that were read, sorted
 * @property {number} modules every node of the graph, packages and built siblings included
 * @property {number} edges
 * @property {Violation[]} violations
 */

/**
 * Reads the graph. Siblings must be built: an import that does not resolve is a violation.
 * @param {string} root the folder the rules' paths are relative to
 * @returns {Promise<ImportGraph>}
 */
export async function importGraph(root) {
  /** @type {import("dependency-cruiser").IConfiguration} */
  const { options, ...ruleSet } = createRequire(import.meta.url)(rulesFile);
  const folders = sourceFolders.filter((folder) => existsSync(path.join(root, folder)));
  const { output } = await cruise(
    folders,
    { ...options, baseDir: root, validate: true, ruleSet },
    options?.enhancedResolveOptions,
  );
  if (typeof output === "string") throw new Error("dependency-cruiser answered with text where data was asked for");
  return {
    sources: output.modules
      .map((module) => module.source)
      .filter((source) => isSource(source))
      .sort(),
    modules: output.modules.length,
    edges: output.summary.totalDependenciesCruised ?? 0,
    violations: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

/**
 * The TypeScript files that the graph has to contain; a parser that skips them would report no violation either.
 * @param {string} root
 * @returns {string[]} paths relative to the root, sorted
 */
export function typescriptSources(root) {
  return sourceFolders
    .filter((folder) => existsSync(path.join(root, folder)))
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true }).map((name) => path.join(folder, String(name))),
    )
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts") && isSource(file))
    .sort();
}

/**
 * @param {string} file
 * @returns {boolean}
 */
function isSource(file) {
  return !/(^|\/)(node_modules|dist|gen|fixtures)\//.test(file) && /\.(ts|mjs|cjs)$/.test(file);
}
