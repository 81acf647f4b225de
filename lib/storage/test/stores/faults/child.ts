import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import type { Reached } from "./open-driver.ts";
import type { OperationName } from "./operations.ts";

/** What `transfer-child.ts` is told. */
export interface ChildTask {
  readonly operation: OperationName;
  readonly store: Reached;
  readonly folder: string;
  /** Where the operation writes files: the folder, or the root of a file store. */
  readonly target: string;
}

export interface ChildReport {
  readonly failure?: { readonly code: string; readonly message: string; readonly ref?: string };
  /** What the target holds at the end; bytes. */
  readonly files: readonly { readonly name: string; readonly size: number }[];
}

/** Compiles the child into `directory`; resolves to its program. */
export async function buildChild(directory: string): Promise<string> {
  const program = path.join(directory, "transfer-child.mjs");
  // The sources as they are now, in one file that any supported Node runs; packages stay where they are.
  await build({
    entryPoints: [path.join(import.meta.dirname, "transfer-child.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    // An addon for a checksum that nothing here asks for.
    external: ["@node-rs/crc32"],
    logLevel: "error",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  return program;
}

export interface RunningChild {
  readonly process: ChildProcess;
  readonly report: Promise<ChildReport>;
}

/** With `diskBytes`, the task's target is a disk of that size which the child alone sees. */
export function startChild(program: string, task: ChildTask, diskBytes?: number): RunningChild {
  const node = [process.execPath, program, JSON.stringify(task)];
  // A file system of the child's own, which ends with it and asks for no rights.
  const alone = ["unshare", "--user", "--map-root-user", "--mount"];
  const mounted = ["sh", "-c", 'mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@"', "sh"];
  const [command = "", ...args] =
    diskBytes === undefined ? node : [...alone, ...mounted, String(diskBytes), task.target, ...node];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  return { process: child, report: reportOf(child) };
}

async function reportOf(child: ChildProcess): Promise<ChildReport> {
  if (child.stdout === null || child.stderr === null) throw new Error("the child has no output");
  const [printed, faults] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (faults !== "") throw new Error(`the child complained:\n${faults}`);
  return JSON.parse(printed) as ChildReport;
}
