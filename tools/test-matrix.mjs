// @ts-check
// `npm run test:matrix`: the unit tests on every Node version that is promised. Build first.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { getPeer } from "./peers/get.mjs";
import { nodeVersions, peers } from "./peers/list.mjs";
import { runStep } from "./run-step.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const all = peers(process.platform, process.arch);

// A version that fails does not hide what the next one would say.
for (const version of nodeVersions) {
  if ((await onVersion(version)) !== 0) process.exitCode = 1;
}

/**
 * @param {string} version
 * @returns {Promise<number>} exit status
 */
async function onVersion(version) {
  const peer = all.find((candidate) => candidate.name === `node-${version}`);
  if (!peer) return 1;
  try {
    const node = await getPeer(root, peer);
    // A package that ships another version than its name says would make the whole matrix one row.
    const told = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim();
    if (told !== `v${version}`) throw new Error(`${node} calls itself ${told}, v${version} expected`);
    // Only the readable reporter: the reports are those of the Node that develops.
    const vitest = [node, "node_modules/vitest/vitest.mjs", "run", "--project", "unit", "--reporter=default"];
    // Programs that tests start by the name `node` are of the same version.
    const search = [path.dirname(node), process.env["PATH"]].join(path.delimiter);
    return await runStep(root, { name: `unit tests on Node ${version}`, command: vitest, env: { PATH: search } });
  } catch (error) {
    console.error(`test:matrix: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}
