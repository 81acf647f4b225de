// @ts-check
// Names the exact sources a report was made from, so that a later reader can tell whether it still speaks of them.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";

/**
 * @typedef {object} TreeState
 * @property {string} commit full hash of HEAD, or "none" outside a git checkout
 * @property {string} digest SHA-256 in hex over the names and contents of every file git does not ignore; equal
 *   before and after a commit of the same files
 */

/**
 * Reads the state of a checkout.
 * @param {string} root the checkout's top folder
 * @returns {TreeState}
 */
export function treeState(root) {
  const commit = git(root, ["rev-parse", "HEAD"]).trim() || "none";
  const names = git(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).split("\0").filter(Boolean);
  const hash = createHash("sha256");
  for (const name of [...new Set(names)].sort()) {
    const content = readIfPresent(path.join(root, name));
    if (content) hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return { commit, digest: hash.digest("hex") };
}

/**
 * @param {string} root
 * @param {string[]} args
 * @returns {string} stdout, empty when git fails
 */
function git(root, args) {
  return spawnSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 }).stdout ?? "";
}

/**
 * @param {string} file
 * @returns {Buffer | undefined} undefined for a file deleted but still in the index, and for a folder
 */
function readIfPresent(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
