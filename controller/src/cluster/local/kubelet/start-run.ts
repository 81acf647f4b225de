/** Starts a run of a container: makes its directories, says what has to be said in its log, and spawns the wrapper. */
import { type ChildProcess, spawn } from "node:child_process";
import { type FileHandle, mkdir, open, writeFile } from "node:fs/promises";
import type { Launch } from "./container-launch.ts";
import { runReasons } from "./container-run.ts";
import { findProgram } from "./find-program.ts";
import type { RunFailure } from "./observe-run.ts";
import type { RunDirectory } from "./pod-directory.ts";
import { Requirements } from "./requirements.ts";
import { writeWhole } from "./small-file.ts";
import { wrapperScript } from "./wrapper-script.ts";

/**
 * Spawns `launch` in `run`, detached and with its output on the run's log, so that it does not notice when the server
 * goes. Starting a run twice is harmless. Resolves to the wrapper's process, or to undefined when there is nothing to
 * start: then the run's failure is written down.
 */
export async function startRun(
  run: RunDirectory,
  launch: Launch,
  nowMs: number,
  requirements: Requirements = new Requirements({}),
): Promise<ChildProcess | undefined> {
  for (const directory of [run.path, ...launch.directories]) await mkdir(directory, { recursive: true });
  await openingLine(run, launch);
  const missing = (await missingProgram(launch)) ?? (await requirements.unmet(launch));
  if (missing !== undefined) {
    await recordFailure(run, { exitCode: 127, reason: runReasons.toolNotFound, message: missing, atMs: nowMs });
    return undefined;
  }
  const log = await open(run.log, "a");
  try {
    return await spawnWrapper(run, launch, log);
  } catch (error) {
    const message = `start "${launch.words[0] ?? ""}": the system refused: ${String(error)}`;
    await recordFailure(run, { exitCode: 128, reason: runReasons.startError, message, atMs: nowMs });
    return undefined;
  } finally {
    await log.close();
  }
}

/** Writes down why a run has no exit code, for whoever reads its state and its log. */
export async function recordFailure(run: RunDirectory, failure: RunFailure): Promise<void> {
  await mkdir(run.path, { recursive: true });
  await writeFile(run.log, `flyte-dataplane: ${failure.message}\n`, { flag: "a" });
  await writeWhole(run.failure, `${JSON.stringify(failure)}\n`);
}

/** Variables whose names a shell cannot hold reach the command through `env`. */
function commandWords({ words, environment }: Launch): readonly string[] {
  const unusual = [...environment].filter(([name]) => !/^[A-Za-z_]\w*$/.test(name));
  return unusual.length === 0
    ? words
    : ["/usr/bin/env", ...unusual.map(([name, value]) => `${name}=${value}`), ...words];
}

function spawnWrapper(run: RunDirectory, launch: Launch, log: FileHandle): Promise<ChildProcess> {
  const words = [
    "-c",
    wrapperScript(process.platform),
    "flyte-container",
    launch.workingDirectory,
    ...commandWords(launch),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", words, {
      cwd: run.path,
      env: Object.fromEntries(launch.environment),
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    child.once("error", reject);
    child.once("spawn", () => resolve(child));
    child.unref();
  });
}

/** The log exists from the start, and its first line warns of paths that programs may have compiled in. */
async function openingLine(run: RunDirectory, { mountPaths }: Launch): Promise<void> {
  const line =
    mountPaths.length === 0
      ? ""
      : `flyte-dataplane: warning: no container here, other directories stand for ${mountPaths.join(", ")}. Command, arguments and ` +
        "environment were adapted; a program with such a path compiled in will not find it\n";
  try {
    await writeFile(run.log, line, { flag: "wx" });
  } catch (error) {
    // There since an earlier try to start this run.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

async function missingProgram({ words, environment, workingDirectory }: Launch): Promise<string | undefined> {
  const program = words[0];
  if (program === undefined) return "the container names no command, and images are not used on the local cluster";
  const searchPath = environment.get("PATH") ?? "/usr/bin:/bin";
  if ((await findProgram(program, { searchPath, workingDirectory })) !== undefined) return undefined;
  return `start "${program}": no such program on this machine; install it or name its full path (images are not used on the local cluster)`;
}
