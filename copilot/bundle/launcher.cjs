#!/usr/bin/env node
// @ts-check
/// <reference types="node" />
// Starts flyte-copilot from the file beside it, which holds the program's text and what V8 once made of it. The latter is
// taken by the very Node that made it, and only whole: V8 itself would run what it does not fit.
"use strict";
const { hash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { Script } = require("node:vm");

/** @typedef {(importBeside: (name: string) => Promise<unknown>) => Promise<void>} Run */

const file = `${__dirname}/flyte-copilot.packed`;
const packed = readFileSync(file);
const headerBytes = 128;
const [, node, digest, cacheBytes] = packed.toString("latin1", 0, headerBytes).split(" ");
const cache = packed.subarray(headerBytes, headerBytes + Number(cacheBytes));
const fits = node === `${process.version}-${process.platform}-${process.arch}` && hash("sha256", cache) === digest;
const script = new Script(packed.toString("latin1", headerBytes + Number(cacheBytes)), {
  filename: file,
  ...(fits && { cachedData: cache }),
});
// Where nothing is left to wait for, and yet the program has not ended, a module ends with this status, a script with 0.
process.exitCode = 13;
const run = /** @type {Run} */ (script.runInThisContext());
void run((name) => import(name));
