// @ts-check
// Packs the program into one file that needs nothing but Node: dist/flyte-copilot.mjs. What went in is written beside
// it, for the test that keeps it small. The same, made ready for this very Node, is dist/packed.
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { lateBuiltins } from "./bundle/late-builtins.mjs";
import { pack } from "./bundle/pack.mjs";
import { readyDescriptors } from "./bundle/ready-descriptors.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync(path.join(here, "package.json"), "utf8"));
/** Of what is bundled, with a plus sign where files are not as they were committed; empty outside a repository. */
const described = spawnSync("git", ["describe", "--always", "--dirty=+", "--abbrev=10", "--exclude=*"], {
  cwd: here,
  encoding: "utf8",
});
const commit = described.status === 0 ? described.stdout.trim() : "";
const outfile = path.join(here, "dist", "flyte-copilot.mjs");

/**
 * The YAML reader, which is somebody else's and is only looked for where there is a file to read, in short names and
 * without its writer: a tenth of what Node has to read at each start.
 * @type {import("esbuild").Plugin}
 */
const smallYaml = {
  name: "small-yaml",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]yaml[\\/]browser[\\/]index\.js$/ }, async ({ path: file }) => {
      const contents = `export { isAlias, isMap, isScalar, isSeq, parseDocument } from "./dist/index.js";`;
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: path.dirname(file) },
        bundle: true,
        format: "esm",
        minify: true,
        target: "node20.19",
        write: false,
      });
      return { contents: outputFiles[0]?.text ?? "" };
    });
  },
};

const { metafile } = await build({
  // Names in the metafile start at the workspace's root.
  absWorkingDir: path.join(here, ".."),
  entryPoints: [path.join(here, "src", "main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  // Profiles with single sign-on and the like are for people's machines; a pod has none, and says so if asked.
  // An addon has no place in one file that runs on every architecture.
  external: ["@aws-sdk/*", "@node-rs/crc32"],
  // The package's modules, of which a part is enough; what Node would be given is one piece that asks for `require`.
  alias: { yaml: fileURLToPath(new URL("browser/index.js", import.meta.resolve("yaml/package.json"))) },
  plugins: [lateBuiltins, readyDescriptors, smallYaml],
  metafile: true,
  minifySyntax: true,
  // Node reads the file whole at each start; names stay, so that traces can be read.
  minifyWhitespace: true,
  banner: { js: "#!/usr/bin/env node" },
  define: { copilotVersion: JSON.stringify(version), copilotCommit: JSON.stringify(commit) },
  logLevel: "warning",
});
chmodSync(outfile, 0o755);
writeFileSync(path.join(here, "dist", "flyte-copilot.meta.json"), JSON.stringify(metafile));
await pack(outfile, path.join(here, "dist", "packed"));
