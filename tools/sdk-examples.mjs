// @ts-check
// `npm run examples`: the example scripts of a checkout of the SDK's repository, each once against a server of ours, and
// a table of what each did. Nothing is asserted: most of them want packages, a network or images that a laptop may lack.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { runExample } from "./examples/run-example.mjs";
import { startServer } from "./examples/server.mjs";
import { runStep } from "./run-step.mjs";
import { sdkEnvironment } from "./sdk-environment.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const usage = `npm run examples -- --checkout DIR [--only TEXT]... [--python FILE] [--seconds N] [--at-once N]
  --checkout DIR  of the SDK's repository
  --only TEXT     examples whose path contains it
  --python FILE   interpreter with the SDK and more packages than the pinned ones
  --seconds N     for each example, 60 unless told; then its runs are aborted
  --at-once N     examples at the same time, 2 unless told`;

const { values: options } = parseArgs({
  options: {
    checkout: { type: "string" },
    only: { type: "string", multiple: true, default: [""] },
    python: { type: "string" },
    seconds: { type: "string", default: "60" },
    "at-once": { type: "string", default: "2" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) console.log(usage);
else if (options.checkout === undefined) {
  console.error(usage);
  process.exitCode = 2;
} else process.exitCode = await main(path.join(path.resolve(options.checkout), "examples"));

/**
 * @param {string} examples the folder of that name
 * @returns {Promise<number>} exit status
 */
async function main(examples) {
  const built = await runStep(root, { name: "build", command: ["node", "tools/build.mjs"], quiet: true });
  if (built !== 0) return built;
  const python = options.python ?? (await pinnedPython());
  const found = readExamples(python, examples).filter(({ file }) => options.only.some((text) => file.includes(text)));
  const places = Number(options["at-once"]);
  const folder = mkdtempSync(path.join(tmpdir(), "fdp-examples-"));
  const server = await startServer({ root, folder, python, places });
  const runs = createClient(RunService, createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }));
  console.log("| example | exit | runs | seconds | what it said |\n|---|---|---|---|---|");
  const waiting = [...found];
  try {
    await Promise.all(
      Array.from({ length: places }, async (_, place) => {
        for (let example = waiting.shift(); example !== undefined; example = waiting.shift()) {
          const reason = unfit(example);
          if (reason !== undefined) {
            row(example.file, "–", [], "–", reason);
            continue;
          }
          const seconds = Number(options.seconds);
          const at = { python, place: server.at(place), runs, seconds };
          const outcome = await runExample(path.join(examples, example.file), at);
          row(example.file, outcome.exit, outcome.runs, String(outcome.seconds), outcome.said);
        }
      }),
    );
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return 0;
}

/**
 * @typedef {object} Example
 * @property {string} file path below the folder of examples
 * @property {boolean} entry it is a script
 * @property {boolean} app it serves an app
 * @property {readonly string[]} missing modules that it imports and the interpreter lacks
 */

/**
 * @param {string} python
 * @param {string} examples
 * @returns {readonly Example[]}
 */
function readExamples(python, examples) {
  const script = path.join(root, "tools", "examples", "read-examples.py");
  const { status, stdout, stderr } = spawnSync(python, [script, examples], { encoding: "utf8", maxBuffer: 1 << 24 });
  if (status !== 0) throw new Error(`read the examples: ${stderr}`);
  return /** @type {readonly Example[]} */ (JSON.parse(stdout));
}

/**
 * @param {Example} example
 * @returns {string | undefined} why it is not run
 */
function unfit({ entry, app, missing }) {
  if (!entry) return "not run: no script, a part of others";
  if (missing.length > 0) return `not run: needs packages: ${missing.join(", ")}`;
  if (app) return "not run: serves an app";
  return undefined;
}

async function pinnedPython() {
  return (await sdkEnvironment(root, { requirements: "test/sdk/requirements.txt", package: "flyte" })).python;
}

/**
 * @param {string} file
 * @param {string} exit
 * @param {readonly string[]} phases
 * @param {string} seconds
 * @param {string} said
 */
function row(file, exit, phases, seconds, said) {
  const counted = [...new Set(phases)].map((phase) => {
    const count = phases.filter((other) => other === phase).length;
    return count > 1 ? `${count} × ${phase}` : phase;
  });
  console.log(`| ${file} | ${exit} | ${counted.join(", ")} | ${seconds} | ${said.replaceAll("|", "\\|")} |`);
}
