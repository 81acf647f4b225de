/** The `flyte` command as its user calls it, against the suite's server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { create } from "@bufbuild/protobuf";
import { type RunIdentifier, RunIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { inject } from "vitest";

const programs = fileURLToPath(new URL("./programs/", import.meta.url));

export interface CommandOutcome {
  readonly code: number | string;
  /** Standard output, then standard error; colours and boxes included. */
  readonly output: string;
}

/** Runs `flyte ...words` in `folder`, by default that of our programs. */
export function flyte(words: readonly string[], folder: string = programs): Promise<CommandOutcome> {
  return runInSdk("flyte", words, folder);
}

/** Runs `python ...words` in the folder of programs. */
export function python(words: readonly string[]): Promise<CommandOutcome> {
  return runInSdk("python", words, programs);
}

/** `program` of the SDK's environment, with a user's environment. */
async function runInSdk(program: string, words: readonly string[], folder: string): Promise<CommandOutcome> {
  const home = inject("sdkHome");
  const bin = dirname(inject("sdkPython"));
  const child = spawn(join(bin, program), words, {
    cwd: folder,
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      HOME: home,
      LANG: "C.UTF-8",
      COLUMNS: "200",
      FLYTE_DISABLE_SENTRY: "true",
      PYTHONDONTWRITEBYTECODE: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const code = await once(child, "close").then(([exit, signal]) => (exit ?? signal) as number | string);
  return { code, output: out + err };
}

export interface RunOptions {
  /** Of `flyte run`, before the file. */
  readonly flags?: readonly string[];
  /** Of the task, as `--name value` words. */
  readonly inputs?: readonly string[];
  /** Where the file lies, when not among our programs. */
  readonly folder?: string;
  /** URL of another server than the suite's. */
  readonly endpoint?: string;
}

/** `flyte run <file> <task>`; rejects with what the command printed when it fails. */
export async function flyteRun(file: string, task: string, options: RunOptions = {}): Promise<RunIdentifier> {
  const { flags = [], inputs = [], folder, endpoint } = options;
  const server = endpoint === undefined ? [] : ["--endpoint", endpoint, "--insecure"];
  return createdRun(await flyte([...server, "run", ...flags, file, task, ...inputs], folder));
}

/** The run that a command says it created; throws with what it printed when it failed. */
export function createdRun({ code, output }: CommandOutcome): RunIdentifier {
  const name = /Created Run: (\S+)/.exec(stripVTControlCharacters(output))?.[1];
  if (code !== 0 || name === undefined) throw new Error(`the command ended with ${code}:\n${output}`);
  return create(RunIdentifierSchema, { project: "flytesnacks", domain: "development", name });
}
