// @ts-check
// A service that passes a large upload on serves others meanwhile: how long they wait at worst, but for one in a hundred.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { judge } from "../../tools/bench/judge.mjs";
import { empty, env, node } from "./participants.mjs";

const gate = { atMost: 20 };
const rounds = 3;

/** @typedef {import("../../tools/bench/table.mjs").JudgedRow} JudgedRow */

/**
 * @param {import("./participants.mjs").Scene} scene
 * @returns {Promise<JudgedRow[]>}
 */
export async function eventLoop(scene) {
  const { output, endpoints } = scene;
  const ways = [
    { what: "to a file", args: ["file", output], endpoint: endpoints.gateway },
    { what: "to S3, in parts", args: ["s3", "bench"], endpoint: endpoints.sink },
  ];
  /** @type {JudgedRow[]} */
  const rows = [];
  for (const { what, args, endpoint } of ways) {
    /** @type {number[]} */
    const delays = [];
    for (let round = 0; round < rounds; round++) {
      empty(output);
      delays.push(await delayDuring(scene, args, endpoint));
    }
    empty(output);
    const judgement = judge(delays, gate);
    rows.push({ row: "loop", what: `event loop's p99 in an upload ${what}`, against: "ms", gate, judgement });
  }
  return rows;
}

/**
 * @param {import("./participants.mjs").Scene} scene
 * @param {readonly string[]} args
 * @param {string} endpoint of the store behind
 * @returns {Promise<number>} milliseconds
 */
async function delayDuring(scene, args, endpoint) {
  const [program = "", ...words] = node(scene, "ours/service", ...args);
  const service = spawn(program, words, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], ...env(scene, endpoint) },
  });
  const ended = once(service, "exit");
  const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]();
  const url = String((await lines.next()).value);
  const upload = spawn(scene.programs.curl, ["-sf", "-T", scene.object, url], { stdio: "inherit" });
  const [status] = await once(upload, "exit");
  if (status !== 0) service.kill();
  const delay = Number((await lines.next()).value);
  await ended;
  if (status !== 0 || Number.isNaN(delay))
    throw new Error(`the upload through ${path.basename(program)} failed: ${status}`);
  return delay;
}
