// @ts-check
// One target from start to verdict: accepted and rejected counts and coverage, or the case that found a defect.
import { Worker } from "node:worker_threads";

/**
 * @typedef {object} TargetResult
 * @property {string} name
 * @property {string} subject
 * @property {number} accepted
 * @property {number} rejected
 * @property {import("./worker.mjs").Coverage} [coverage] absent after a defect
 * @property {readonly import("./worker.mjs").Coverage[]} [further] of the other files that the target names
 * @property {{ index: number, reason: string, input: string }} [defect] input in base64, at most its first 4 KiB
 */

/**
 * @param {object} options
 * @param {string} options.root
 * @param {string} options.bundle
 * @param {number} options.seed
 * @param {number} options.first
 * @param {number} options.cases
 * @param {number} options.caseMs how long one case may run before it counts as hanging
 * @returns {Promise<TargetResult>}
 * @throws {Error} when the target does not load
 */
export function runTarget({ root, bundle, seed, first, cases, caseMs }) {
  const progress = new SharedArrayBuffer(4);
  const current = new Int32Array(progress);
  current[0] = -1;
  /** @type {TargetResult} */
  const result = { name: bundle, subject: "", accepted: 0, rejected: 0 };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.mjs", import.meta.url), {
      workerData: { root, bundle, seed, first, cases, progress },
    });
    let seen = -1;
    const watch = setInterval(() => {
      const index = Atomics.load(current, 0);
      // A case that is still the same one after a whole interval has had at least that long.
      if (index >= 0 && index === seen && !result.coverage) {
        finish({ index, reason: `still running after ${caseMs} ms`, input: "" });
      }
      seen = index;
    }, caseMs);

    /** @param {TargetResult["defect"]} [defect] */
    const finish = (defect) => {
      clearInterval(watch);
      if (defect) result.defect = defect;
      worker.removeAllListeners();
      void worker.terminate().then(() => resolve(result));
    };
    worker.on("message", (/** @type {import("./worker.mjs").Message} */ message) => {
      if (message.kind === "target") Object.assign(result, { name: message.name, subject: message.subject });
      else if (message.kind === "failed") finish({ index: message.index, reason: message.stack, input: message.input });
      else {
        const { accepted, rejected, coverage, further } = message;
        Object.assign(result, { accepted, rejected, coverage, further });
        finish();
      }
    });
    // Out of memory, or a target that does not load: the former has a case, the latter none yet.
    worker.on("error", (error) => {
      const index = Atomics.load(current, 0);
      if (index >= 0) return finish({ index, reason: String(error), input: "" });
      clearInterval(watch);
      reject(error);
    });
  });
}
