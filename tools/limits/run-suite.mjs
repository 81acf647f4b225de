// @ts-check
// Starts the tests of `test/limits` with what they need; two commands do.
import { readdirSync } from "node:fs";
import path from "node:path";
import { goPrograms } from "../bench/go-programs.mjs";
import { findPeer } from "../peers/get.mjs";
import { peers } from "../peers/list.mjs";
import { runStep } from "../run-step.mjs";
import { whyNotConfined } from "./confined.mjs";

/**
 * @typedef {object} Storm
 * @property {number} seed
 * @property {number} runs signalled from `started` on
 * @property {number} early signalled before
 * @property {string} report file for the figures; empty for none
 */

/**
 * @param {string} root the repository's top folder
 * @returns {string[]} names of the files with tests, without what all of them end in
 */
export function limitsParts(root) {
  return readdirSync(path.join(root, "test", "limits"))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => name.slice(0, -".test.ts".length))
    .sort();
}

/**
 * Runs parts one after another, each as a suite of the name `NAME-PART`.
 * @param {string} root the repository's top folder
 * @param {{ name: string, storm: Storm, parts: readonly string[], filters?: readonly string[] }} options
 * @returns {Promise<number>} exit status: the worst
 */
export async function runSuite(root, { name, storm, parts, filters = [] }) {
  const built = await runStep(root, { name: "build", command: ["node", "tools/build.mjs"] });
  if (built !== 0) return built;
  const measure = path.join(await goPrograms(root), "measure");
  const needs = { measure, notConfined: whyNotConfined(), storePrograms: storePrograms(), storm };
  if (needs.notConfined !== "") console.error(`${name}: nothing can be confined: ${needs.notConfined}`);
  let worst = 0;
  for (const part of parts) {
    const suite = { name: `${name}-${part}`, file: `test/limits/${part}.test.ts` };
    const status = await runStep(root, {
      name: suite.name,
      command: ["vitest", "run", "--config=test/limits/vitest.config.ts", ...filters],
      env: { FLYTE_DATAPLANE_LIMITS: JSON.stringify({ suite, needs }) },
    });
    worst = Math.max(worst, status);
  }
  return worst;
}

/** @returns {Record<string, string>} */
function storePrograms() {
  const wanted = peers(process.platform, process.arch).filter(({ name }) => ["minio", "versitygw"].includes(name));
  return Object.fromEntries(
    wanted.flatMap((peer) => {
      const program = findPeer(peer);
      return program === undefined ? [] : [[peer.name, program]];
    }),
  );
}
