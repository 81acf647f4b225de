// @ts-check
// Generates proto/gen from the sources beside this file: JavaScript and declarations, one pair per .proto file.
// Nothing is fetched; buf and its plugin come from node_modules. Unchanged sources cost one hash and no generation.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const generated = path.join(here, "gen");
const stampFile = path.join(generated, ".stamp");
const binaries = path.join(here, "..", "node_modules", ".bin");

const stamp = hashOfInputs();
if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== stamp) {
  process.exitCode = generate();
}

/**
 * Builds a whole new tree and swaps it in, so that a reader of gen/ never meets half of one.
 * @returns {number} the exit status: buf's own, or 1 when buf cannot start
 */
function generate() {
  const scratch = mkdtempSync(path.join(here, "gen-"));
  try {
    const result = spawnSync(path.join(binaries, "buf"), ["generate", "--output", scratch], {
      cwd: here,
      stdio: ["ignore", "inherit", "inherit"],
      // buf looks for protoc-gen-es on the PATH; outside `npm run` nobody has put it there.
      env: { ...process.env, PATH: [binaries, process.env["PATH"]].filter(Boolean).join(path.delimiter) },
    });
    if (result.error) console.error(`generate proto/gen: buf does not start: ${result.error.message}; run npm ci`);
    if (result.status !== 0) return result.status ?? 1;
    importTextEncoding(path.join(scratch, "gen"));
    writeFileSync(path.join(scratch, "gen", ".stamp"), stamp);
    if (existsSync(generated)) renameSync(generated, path.join(scratch, "replaced"));
    renameSync(path.join(scratch, "gen"), generated);
    return 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Lets every generated module bring text-encoding.js along, so that no reader of messages can forget it.
 * @param {string} folder the generated tree, wherever it stands before it is swapped in
 */
function importTextEncoding(folder) {
  for (const name of readdirSync(folder, { recursive: true }).map(String)) {
    if (!name.endsWith(".js")) continue;
    const up = "../".repeat(name.split(path.sep).length);
    appendFileSync(path.join(folder, name), `\nimport "${up}text-encoding.js";\n`);
  }
}

/**
 * Everything that the output depends on: the sources, the options, the plugin's version and this script.
 * @returns {string} SHA-256 in hex
 */
function hashOfInputs() {
  const plugin = createRequire(import.meta.url)("@bufbuild/protoc-gen-es/package.json");
  const hash = createHash("sha256").update(plugin.version);
  for (const file of [
    ...["buf.yaml", "buf.gen.yaml", "generate.mjs"].map((name) => path.join(here, name)),
    ...sources(),
  ]) {
    hash.update(`\0${path.relative(here, file)}\0`).update(readFileSync(file));
  }
  return hash.digest("hex");
}

/** @returns {string[]} the .proto files of the module that buf.yaml describes, sorted */
function sources() {
  return readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(gen|gen-.*|node_modules|test)$/.test(entry.name))
    .flatMap(({ name: folder }) =>
      readdirSync(path.join(here, folder), { recursive: true }).map((name) => path.join(here, folder, String(name))),
    )
    .filter((file) => file.endsWith(".proto"))
    .sort();
}
