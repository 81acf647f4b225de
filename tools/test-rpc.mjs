// @ts-check
// `npm run test:rpc`: the official conformance suite against our server, the runner's own summary last.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findPeer } from "./peers/get.mjs";
import { peers } from "./peers/list.mjs";
import { buildConformanceServer } from "./rpc/build-server.mjs";
import { runStep } from "./run-step.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const suite = path.join(root, "lib", "runtime", "test", "conformance");
const protocols = ["connect", "grpc", "grpc-web"];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    run: { type: "string", multiple: true, default: [] },
    "http1-only": { type: "boolean", default: false },
    built: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(`npm run test:rpc -- [${protocols.join("|")}|all]... [--http1-only] [--run PATTERN]... [--built] [--verbose]
  --http1-only   leaves out what is said over HTTP/2
  --run PATTERN  those cases alone, as the runner names them
  --built        takes the packages as they were built last
Needs connectconformance: npm run tools -- --only connectconformance. What is claimed stands, with the reason for what is
not, in lib/runtime/test/conformance/*.yaml.`);
} else {
  process.exitCode = await main();
}

/** @returns {Promise<number>} 1 when a case failed or the runner is missing, 2 for a protocol that is none */
async function main() {
  const wanted = positionals.length === 0 || positionals.includes("all") ? protocols : positionals;
  const unknown = wanted.filter((name) => !protocols.includes(name));
  if (unknown.length > 0) {
    console.error(`no protocol ${unknown.join(", ")}; known: ${protocols.join(", ")}, all`);
    return 2;
  }
  const peer = peers(process.platform, process.arch).find(({ name }) => name === "connectconformance");
  const runner = peer && findPeer(peer);
  if (runner === undefined || !existsSync(runner)) {
    console.error("test:rpc needs connectconformance: npm run tools -- --only connectconformance");
    return 1;
  }
  const built = options.built || (await runStep(root, { name: "build", command: ["node", "tools/build.mjs"] })) === 0;
  if (!built) return 1;
  const server = await buildConformanceServer(root, suite);
  /** @type {string[]} */
  const summary = [];
  let failed = false;
  for (const protocol of wanted) {
    const { status, said } = await run(runner, [
      "--mode=server",
      `--conf=${path.join(suite, `${protocol}.yaml`)}`,
      ...(options["http1-only"] ? ["--skip=**/HTTPVersion:2/**"] : []),
      ...options.run.map((pattern) => `--run=${pattern}`),
      ...(options.verbose ? ["-v", "--trace"] : []),
      "--",
      process.execPath,
      server.program,
      server.descriptors,
    ]);
    failed = status !== 0 || failed;
    summary.push(`${protocol}${options["http1-only"] ? " over HTTP/1.1" : ""}:`, ...said.split("\n").slice(-4));
  }
  console.log(`\n${summary.filter((line) => line.trim() !== "").join("\n")}`);
  return failed ? 1 : 0;
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<{ status: number, said: string }>}
 */
function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
      process.stdout.write(text);
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ status: code ?? 1, said: said.trimEnd() }));
  });
}
