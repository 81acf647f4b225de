// @ts-check
// The Go programs of `bench/go`: peers, the upload sink, and the one that measures. Built once for each of their texts.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { once, toolsFolder } from "../peers/cache.mjs";
import { findProgram } from "../peers/get.mjs";
import { runStep } from "../run-step.mjs";

const needed = "bench needs Go 1.24 or newer (go.dev/dl) and its module proxy, once";

/**
 * @param {string} root the repository's top folder
 * @returns {Promise<string>} the folder of the programs, each named as its own folder in `bench/go`
 * @throws {Error} saying what is missing
 */
export async function goPrograms(root) {
  if (findProgram("go") === undefined) throw new Error(needed);
  const source = path.join(root, "bench", "go");
  return await once(path.join(toolsFolder(process.env), `bench-go-${digest(source)}`), async (scratch) => {
    const command = ["go", "build", "-trimpath", "-o", scratch, "./..."];
    if ((await runStep(root, { name: "build bench/go", command, folder: "bench/go" })) !== 0) {
      throw new Error(needed);
    }
  });
}

/**
 * @param {string} folder
 * @returns {string}
 */
function digest(folder) {
  const hash = createHash("sha256").update(execFileSync("go", ["env", "GOVERSION"]));
  for (const name of readdirSync(folder, { recursive: true }).map(String).toSorted()) {
    if (/\.go$|^go\.(mod|sum)$/.test(name)) hash.update(name).update(readFileSync(path.join(folder, name)));
  }
  return hash.digest("hex").slice(0, 12);
}
