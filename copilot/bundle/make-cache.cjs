// @ts-check
/// <reference types="node" />
// Runs the program's script, the file named first, with each list of arguments of a JSON text, and then writes what V8
// has compiled by then to the file named last. It takes the place of `process.exit` and of the signals that the program gets.
"use strict";
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");

/** @typedef {(importBeside: (name: string) => Promise<unknown>) => Promise<void>} Run */

const [, self = "", file = "", filename = "", runs = "[]", output = ""] = process.argv;
const script = new Script(readFileSync(file, "latin1"), {
  filename,
});
const run = /** @type {Run} */ (script.runInThisContext());
const exit = process.exit.bind(process);

void main(/** @type {string[][]} */ (JSON.parse(runs)));

/** @param {string[][]} lists */
async function main(lists) {
  for (const words of lists) {
    process.argv = [process.execPath, self, ...words];
    /** @type {Promise<string>} */
    const ended = new Promise((resolve) => {
      process.exit = /** @type {never} */ ((/** @type {number} */ status) => resolve(String(status)));
    });
    // The task ends as soon as the sidecar waits for that.
    const signals = setInterval(() => existsSync(".flyte-copilot-ready") && process.emit("SIGTERM"), 5);
    void run((name) => import(name));
    const status = await ended;
    clearInterval(signals);
    process.removeAllListeners();
    if (status !== "0") throw new Error(`${words.join(" ")}: ended with ${status}`);
  }
  writeFileSync(output, script.createCachedData());
  exit(0);
}
