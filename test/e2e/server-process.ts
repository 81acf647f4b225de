/** Starts the built `flyte-dataplane` as a child process on its own data directory, as a person would. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const mainFile: string = fileURLToPath(new URL("../../manager/dist/main.js", import.meta.url));

export interface Run {
  readonly child: ChildProcess;
  /** All that the process has printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  /** Resolves with the text matched once stdout matches; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>;
}

/** An empty HOME, so that nothing of the machine's own user leaks in. */
export async function emptyHome(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "fdp-e2e-"));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Runs `flyte-dataplane ...args`; the environment is only what is given beside PATH. Root may run it as another user. */
export function runMain(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  user: { readonly uid?: number; readonly gid?: number } = {},
): Run {
  const child = spawn(process.execPath, [mainFile, ...args], {
    ...user,
    env: { PATH: process.env["PATH"], LANG: "C.UTF-8", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    stdout: () => out,
    stderr: () => err,
    ended,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = out.match(pattern);
          if (match === null) return;
          listeners.delete(look);
          resolve(match);
        };
        listeners.add(look);
        look();
        void ended.then((code) => reject(new Error(`ended with ${code} before ${pattern}:\n${out}\n${err}`)));
      }),
  };
}

/** Processes of this machine whose command line or environment names `path`: what a server on that directory left behind. */
export async function processesNaming(path: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const commandLine = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (commandLine.includes(path)) found.push(`${entry} ${commandLine.replaceAll("\0", " ")}`);
  }
  return found;
}
