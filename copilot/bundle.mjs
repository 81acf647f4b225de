// @ts-check
// Packs the program into one file that needs nothing but Node: dist/flyte-copilot.mjs. What went in is written beside
// it, for the test that keeps it small.
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

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
 * The rules that messages carry for validators, which this program has none of: reading their descriptors would take a
 * twentieth of its start. What refers to the file of rules still finds one, without content.
 * @type {import("esbuild").Plugin}
 */
const withoutRules = {
  name: "without-rules",
  setup({ onLoad }) {
    const descriptor = Buffer.from("\n\x1bbuf/validate/validate.protob\x06proto3", "latin1").toString("base64");
    onLoad({ filter: /[\\/]buf[\\/]validate[\\/]validate_pb\.js$/ }, ({ path: file }) => ({
      contents: `import { fileDesc } from "@bufbuild/protobuf/codegenv2";
export const file_buf_validate_validate = /*@__PURE__*/ fileDesc(${JSON.stringify(descriptor)});`,
      resolveDir: path.dirname(file),
    }));
  },
};

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

/**
 * Descriptors that come along with those of the messages we use, and that nothing here asks for. Each would be built at
 * every start: a good part of the time between the start and the first request.
 * @type {import("esbuild").Plugin}
 */
const withoutOthers = {
  name: "without-others",
  setup({ onLoad }) {
    const others = "compiler[\\\\/]plugin|api|type|source_context|(cpp|java|go)_features|empty";
    const filter = new RegExp(`[\\\\/]wkt[\\\\/]gen[\\\\/]google[\\\\/]protobuf[\\\\/](${others})_pb\\.js$`);
    // Whoever asks for one of them after all is told by the bundler that there is no such export.
    onLoad({ filter }, () => ({ contents: "export {};" }));
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
  plugins: [withoutRules, withoutOthers, smallYaml],
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
