// @ts-check
// Packs JavaScript that takes part in a benchmark as products are packed: ours and a peer's in the same way, so that nobody
// is charged for the reading of many small files, and nobody's build in the middle of a run changes what is measured.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

/**
 * @param {string} root the repository's top folder
 * @param {string} source a folder of programs, in folders of one level
 * @param {readonly string[]} folders of those
 * @returns {Promise<string>} a folder where each program lies under the name that it has in `source`
 */
export async function bundlePrograms(root, source, folders) {
  // Inside node_modules an addon, which no bundle can hold, is still found.
  const outdir = path.join(root, "node_modules", ".cache", "bench", path.basename(source));
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: folders.flatMap((folder) =>
      readdirSync(path.join(source, folder)).map((name) => path.join(source, folder, name)),
    ),
    outbase: source,
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    external: ["@node-rs/crc32", "@aws-sdk/credential-provider-*"],
    minifySyntax: true,
    minifyWhitespace: true,
    // What the SDK takes from CommonJS asks for it.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  return outdir;
}
