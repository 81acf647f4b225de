// @ts-check
// Whether this machine lets us put a program into limits, as test/support/kubernetes/run-limited.sh does.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findProgram } from "../peers/get.mjs";

const runLimited = fileURLToPath(new URL("../../test/support/kubernetes/run-limited.sh", import.meta.url));

/** @returns {string} the reason why not; empty where it does */
export function whyNotConfined() {
  if (process.platform !== "linux") return "cgroups are of Linux";
  if (process.getuid?.() !== 0) return "it needs root";
  for (const program of ["bash", "unshare", "setpriv"]) {
    if (findProgram(program) === undefined) return `it needs ${program}`;
  }
  try {
    execFileSync(runLimited, ["true"], { stdio: "pipe" });
    return "";
  } catch (error) {
    const [line = ""] = String(error instanceof Error && "stderr" in error ? error.stderr : error).split("\n");
    return `its cgroups cannot be written: ${line}`;
  }
}
