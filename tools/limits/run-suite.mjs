// @ts-check
// Starts the tests of `test/limits` with what they need; two commands do.
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
 * @param {{ name: string, storm: Storm, filters: readonly string[] }} options
 * @returns {Promise<number>} exit status
 */
export async function runSuite(root, { name, storm, filters }) {
  const built = await runStep(root, { name: "build", command: ["node", "tools/build.mjs"] });
  if (built !== 0) return built;
  const measure = path.join(await goPrograms(root), "measure");
  const needs = { measure, notConfined: whyNotConfined(), storePrograms: storePrograms(), storm };
  if (needs.notConfined !== "") console.error(`${name}: nothing can be confined: ${needs.notConfined}`);
  return await runStep(root, {
    name,
    command: ["vitest", "run", "--config=test/limits/vitest.config.ts", ...filters],
    env: { FLYTE_DATAPLANE_LIMITS: JSON.stringify(needs) },
  });
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
