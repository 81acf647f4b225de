// @ts-check
// Compares the sources with those of the main branch and fails when an older peer could no longer read us.
// Reads the branch from the local repository only; where it has no sources yet, it says so and passes.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "..");
// A clone of a feature branch knows main only under its remote.
const candidates = ["main", "origin/main"];

const reference = candidates.find(hasSources);
if (reference === undefined) {
  console.log(`breaking: skipped, neither ${candidates.join(" nor ")} has proto/buf.yaml in this repository`);
} else {
  process.exitCode = compareWith(reference);
}

/** @param {string} ref a branch @returns {boolean} whether the branch exists and holds proto sources */
function hasSources(ref) {
  return spawnSync("git", ["cat-file", "-e", `${ref}:proto/buf.yaml`], { cwd: root, stdio: "ignore" }).status === 0;
}

/** @param {string} ref the branch to stay compatible with @returns {number} buf's exit status, 0 when compatible */
function compareWith(ref) {
  const scratch = mkdtempSync(path.join(tmpdir(), "proto-breaking-"));
  try {
    const archive = execFileSync("git", ["archive", ref, "proto"], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    execFileSync("tar", ["-x", "-C", scratch], { input: archive });
    const buf = path.join(root, "node_modules", ".bin", "buf");
    const result = spawnSync(buf, ["breaking", "--against", path.join(scratch, "proto")], {
      cwd: here,
      stdio: "inherit",
    });
    if (result.error) console.error(`breaking: buf does not start: ${result.error.message}; run npm ci`);
    if (result.status === 0) console.log(`breaking: compatible with ${ref}`);
    return result.status ?? 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
