#!/usr/bin/env node
/** The only file of this package that touches the process: arguments, environment, output, signals and exit code. */
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { DataPlaneError } from "@flyte-dataplane/core";
import { redactText } from "@flyte-dataplane/runtime/lifecycle";
import { runProgram } from "./program.ts";

const copilot = fileURLToPath(import.meta.resolve("@flyte-dataplane/copilot/bundle"));

try {
  process.exitCode = await runProgram(process.argv.slice(2), {
    env: process.env,
    uid: process.getuid?.() ?? -1,
    temporary: tmpdir(),
    // No option of V8's: with any, it would use nothing of what is compiled of Node and of the co-pilot already.
    copilot: [process.execPath, copilot],
    say: (line) => process.stdout.write(`${line}\n`),
    signals: process,
  });
} catch (error) {
  process.exitCode = exitCode(error);
  process.stderr.write(`flyte-dataplane: ${redactText(describe(error))}\n`);
}

// Whatever was left behind at the deadline must not keep a process alive that serves nobody.
process.stdout.write("", () => process.stderr.write("", () => process.exit()));

/** 2 for what the caller can mend, 130 as shells have it for an interruption, else 1. */
function exitCode(error: unknown): number {
  if (!(error instanceof DataPlaneError)) return 1;
  if (error.code === "canceled") return 130;
  return error.origin === "user" ? 2 : 1;
}

/** One line for what is planned for; the stack too for what is not. */
function describe(error: unknown): string {
  if (error instanceof DataPlaneError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
