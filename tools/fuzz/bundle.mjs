// @ts-check
// Finds fuzz targets and makes each runnable on the oldest Node: one module with a source map back to its package.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

/**
 * The `*.fuzz.ts` files below the packages' src folders.
 * @param {string} root
 * @returns {string[]} absolute, sorted
 */
export function targetFiles(root) {
  const { workspaces } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return /** @type {string[]} */ (workspaces)
    .map((folder) => path.join(root, folder, "src"))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => path.join(folder, String(name))))
    .filter((file) => file.endsWith(".fuzz.ts"))
    .sort();
}

/**
 * A change of one source file that makes it wrong.
 * @typedef {object} Plant
 * @property {string} file absolute
 * @property {string} sound text of the file
 * @property {string} defect what stands there instead
 */

/**
 * Bundles one target. The package's own sources go in, so that their lines can be counted; other packages stay
 * imports and must be built.
 * @param {string} file the target
 * @param {string} folder where to write; a folder inside the package, so that its imports resolve as there
 * @param {Plant} [plant] a defect to be found
 * @returns {Promise<string>} the module, with its map beside it
 */
export async function bundleTarget(file, folder, plant) {
  const outfile = path.join(folder, `${path.basename(file, ".ts")}.mjs`);
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "external",
    logLevel: "warning",
    plugins: plant === undefined ? [] : [planting(plant)],
  });
  return outfile;
}

/**
 * @param {Plant} plant
 * @returns {import("esbuild").Plugin}
 */
function planting({ file, sound, defect }) {
  return {
    name: "plant",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path: loaded }) => {
        if (loaded !== file) return undefined;
        const source = readFileSync(file, "utf8");
        if (!source.includes(sound)) throw new Error(`${file} does not hold what the defect replaces: ${sound}`);
        return { contents: source.replace(sound, () => defect), loader: "ts" };
      });
    },
  };
}
