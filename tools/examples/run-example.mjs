// @ts-check
// One example as its user runs it: `python file.py` in its folder, then its runs until they end or the time is up.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";

/**
 * @typedef {object} Outcome
 * @property {string} exit status or signal of the script; "time" when it was ended
 * @property {readonly string[]} runs the phase of each run, oldest first
 * @property {number} seconds
 * @property {string} said the first line that tells what went wrong, or nothing
 */

/**
 * @typedef {object} Place where an example runs; one at a time
 * @property {string} home
 * @property {string} project in which nobody else starts runs
 */

/**
 * @param {string} file absolute path
 * @param {{ python: string, place: Place, runs: import("@connectrpc/connect").Client<typeof import("@flyte-dataplane/proto/flyteidl2/workflow/run_service").RunService>, seconds: number }} options
 * @returns {Promise<Outcome>}
 */
export async function runExample(file, { python, place, runs, seconds }) {
  const started = performance.now();
  const before = new Set((await listed(runs, place.project)).map(({ name }) => name));
  const child = spawn(python, [path.basename(file)], {
    cwd: path.dirname(file),
    env: {
      PATH: [path.dirname(python), "/usr/bin", "/bin"].join(path.delimiter),
      HOME: place.home,
      TMPDIR: place.home,
      LANG: "C.UTF-8",
      COLUMNS: "200",
      FLYTE_DISABLE_SENTRY: "true",
      PYTHONUNBUFFERED: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that ending it ends what it started.
    detached: true,
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      printed = (printed + text).slice(-200_000);
    });
  const ended = once(child, "exit").then(([code, signal]) => String(code ?? signal));
  const giveUp = new AbortController();
  const exit = await Promise.race([
    ended,
    setTimeout(seconds * 1000, "time", { signal: giveUp.signal }).catch(() => "time"),
  ]);
  giveUp.abort();
  if (exit === "time") {
    kill(child.pid);
    await ended;
  }
  const names = (await listed(runs, place.project)).filter(({ name }) => !before.has(name)).reverse();
  /** @type {string[]} */
  const phases = [];
  let reason = "";
  for (const runId of names) {
    const { phase, message } = await ending(runs, runId, started + seconds * 1000);
    phases.push(phase);
    reason ||= message;
  }
  const took = Math.round((performance.now() - started) / 1000);
  const wrong = exit !== "0" || phases.some((phase) => phase !== "SUCCEEDED");
  return { exit, runs: phases, seconds: took, said: wrong ? firstLine(reason) || complaint(printed) : "" };
}

/**
 * @param {import("@connectrpc/connect").Client<typeof import("@flyte-dataplane/proto/flyteidl2/workflow/run_service").RunService>} runs
 * @param {string} project
 * @returns newest first
 */
async function listed(runs, project) {
  const answer = await runs.listRuns({
    request: { limit: 500, sortBy: { key: "created_at", direction: 0 } },
    scopeBy: { case: "projectId", value: { name: project, domain: "development" } },
  });
  return answer.runs.flatMap(({ action }) => (action?.id?.run === undefined ? [] : [action.id.run]));
}

/**
 * Looks at a run until it ended or `until` (a `performance.now()`) has come, and then aborts it.
 * @param {import("@connectrpc/connect").Client<typeof import("@flyte-dataplane/proto/flyteidl2/workflow/run_service").RunService>} runs
 * @param {import("@flyte-dataplane/proto/flyteidl2/common/identifier").RunIdentifier} runId
 * @param {number} until
 */
async function ending(runs, runId, until) {
  const actionId = { run: runId, name: "a0" };
  for (;;) {
    const { details } = await runs.getActionDetails({ actionId });
    const phase = details?.status?.phase ?? ActionPhase.UNSPECIFIED;
    const name = ActionPhase[phase];
    if (phase >= ActionPhase.SUCCEEDED) {
      const message = details?.result.case === "errorInfo" ? details.result.value.message : "";
      return { phase: name, message };
    }
    if (performance.now() > until) {
      await runs.abortRun({ runId, reason: "the time for this example is up" });
      return { phase: `${name} (aborted)`, message: "" };
    }
    await setTimeout(500);
  }
}

/** @param {number | undefined} pid leader of a process group */
function kill(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/**
 * The last line that reads like an error.
 * @param {string} printed
 */
function complaint(printed) {
  const lines = stripVTControlCharacters(printed)
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.findLast((line) => /^[\w.]*(Error|Exception|Exit)\b/.test(line)) ?? lines.at(-1) ?? "";
}

/** @param {string} text */
function firstLine(text) {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  return (lines.findLast((line) => /^[\w.]*(Error|Exception)\b/.test(line)) ?? lines[0] ?? "").slice(0, 200);
}
