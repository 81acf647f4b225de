// @ts-check
// The program in the form that an image starts: a launcher, and beside it one file with the program's text as a script and
// what V8 compiled of it while it ran. See docs/decisions/0020-start-of-copilot.md.
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { trialRuns } from "./trial-runs.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
/** As the launcher knows it. */
const headerBytes = 128;
const importBeside = "importBeside";
const node = `${process.version}-${process.platform}-${process.arch}`;

/**
 * Makes `flyte-copilot.cjs` and `flyte-copilot.packed` in `folder`. What is compiled is of use to the Node that runs this
 * alone; for any other the form is as good as the plain one.
 * @param {string} program the plain file: a module without imports
 * @param {string} folder made if missing
 */
export async function pack(program, folder) {
  mkdirSync(folder, { recursive: true });
  const text = scriptOf(readFileSync(program, "latin1"));
  place(path.join(folder, "flyte-copilot.cjs"), readFileSync(path.join(here, "launcher.cjs")), 0o755);
  const file = path.join(folder, "flyte-copilot.packed");
  if (isPacked(file, text)) return;
  const scratch = mkdtempSync(path.join(tmpdir(), "flyte-copilot-pack-"));
  try {
    const cache = await compiled(text, scratch);
    const digest = digestOf(cache.toString("latin1"));
    const header = `flyte-copilot ${node} ${digest} ${cache.byteLength} `.padEnd(headerBytes - 1).concat("\n");
    if (header.length !== headerBytes) throw new Error(`no room for "${header}"`);
    const packed = Buffer.concat([Buffer.from(header), cache, Buffer.from(text, "latin1")]);
    place(file, packed, 0o644);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {string} cache with one character for each byte */
function digestOf(cache) {
  return createHash("sha256").update(cache, "latin1").digest("hex");
}

/**
 * Whether this Node packed that text already, and it is whole. Whoever changes the trial runs removes the file.
 * @param {string} file
 * @param {string} text
 */
function isPacked(file, text) {
  if (!existsSync(file)) return false;
  const packed = readFileSync(file, "latin1");
  const [, madeBy, digest, cacheBytes] = packed.slice(0, headerBytes).split(" ");
  const end = headerBytes + Number(cacheBytes);
  return madeBy === node && packed.slice(end) === text && digestOf(packed.slice(headerBytes, end)) === digest;
}

/**
 * A program that starts in the meantime finds the old file or the new one.
 * @param {string} file
 * @param {Uint8Array} bytes
 * @param {number} mode
 */
function place(file, bytes, mode) {
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, bytes);
  chmodSync(partial, mode);
  renameSync(partial, file);
}

/**
 * @param {string} module its first line names the interpreter
 * @returns {string} a script whose value is a function that runs it; each line keeps its number
 */
function scriptOf(module) {
  // V8 keeps such texts with one byte for each character, and Node reads them without a look at each.
  if (/[^\0-\x7f]/.test(module)) throw new Error("the program holds other characters than ASCII");
  // What may lie beside the program is imported as from a file there, which a script is not: the launcher does it.
  if (module.includes(importBeside)) throw new Error(`the program has a name "${importBeside}" of its own`);
  const script = module.replaceAll(/\bimport\((?=")/g, `${importBeside}(`);
  return script.replace(/^#!.*/, `(async (${importBeside}) => { "use strict";`).concat("\n})\n");
}

/**
 * @param {string} text of a script
 * @param {string} scratch
 * @returns {Promise<Buffer>} what V8 keeps of it, the functions that the trial runs called among it
 */
async function compiled(text, scratch) {
  const [script, cache] = [path.join(scratch, "script.js"), path.join(scratch, "cache")];
  writeFileSync(script, text, "latin1");
  const { runs, close } = await trialRuns(scratch);
  try {
    const words = [path.join(here, "make-cache.cjs"), script, "flyte-copilot.packed", JSON.stringify(runs), cache];
    // What is compiled with an option of V8's is of no use without it. These alone do not count, and make equal builds equal.
    const child = spawn(process.execPath, ["--random-seed=1", "--predictable", ...words], {
      cwd: scratch,
      env: {},
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [status] = await once(child, "exit");
    if (status !== 0) throw new Error(`the trial runs ended with ${status}`);
    return readFileSync(cache);
  } finally {
    close();
  }
}
