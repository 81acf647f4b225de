// @ts-check
// `npm run verify`: every suite with every peer; hours allowed. A peer that cannot be got fails it.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runStep } from "./run-step.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

/** @type {readonly (readonly [name: string, ...args: string[]])[]} */
const commands = [
  ["tools"],
  ["check"],
  ["test"],
  ["demo"],
  ["test:stores"],
  ["test:postgres"],
  ["test:rpc"],
  ["harness"],
  ["harness", "--defects"],
  ["test:limits"],
  ["storm"],
  ["test:pods"],
  ["test:sdk"],
  ["test:matrix"],
  ["bench"],
  ["fuzz", "--cases", "50000"],
  ["contracts"],
];

/** @type {string[]} */
const failed = [];
for (const [name, ...args] of commands) {
  const command = ["npm", "run", "--silent", name, ...(args.length > 0 ? ["--", ...args] : [])];
  if (
    (await runStep(root, {
      name,
      command,
      env: { KILL_ROUNDS: "20", RESTART_ROUNDS: "10", IDLE_CONNECTIONS: "10000" },
    })) !== 0
  )
    failed.push(name);
}
console.log(
  failed.length === 0 ? `verify: all ${commands.length} commands passed` : `verify: failed: ${failed.join(", ")}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
