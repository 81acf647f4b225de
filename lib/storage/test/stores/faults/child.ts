import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { expect } from "vitest";
import type { Reached } from "./open-driver.ts";
import { contentOf, type Operation, type OperationName } from "./operations.ts";

/** What `transfer-child.ts` is told. */
export interface ChildTask {
  readonly operation: OperationName;
  readonly store: Reached;
  readonly folder: string;
  /** Where the operation writes files: the folder, or the root of a file store. */
  readonly target: string;
  /** Happens when the victim has moved so many bytes. */
  readonly inside?: { readonly kind: "signal" | "change"; readonly at: number };
}

export interface ChildReport {
  readonly failure?: { readonly code: string; readonly message: string; readonly ref?: string };
  readonly listed?: readonly string[];
  /** What the target holds at the end. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
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

/** Where a child runs. */
export type Surroundings =
  /** As this process does. */
  | { readonly kind: "plain" }
  /** Its target is a disk of so many bytes, which it alone sees and which ends with it; that asks for no rights. */
  | { readonly kind: "small disk"; readonly bytes: number }
  /** Under a user without rights, where this one has them. */
  | { readonly kind: "nobody" }
  /** `folder` is a copy of itself on a disk whose blocks can no longer be read, and whose image is in `beside`. Asks for root. */
  | { readonly kind: "damaged disk"; readonly folder: string; readonly beside: string };

const nobody = 65_534;

export function startChild(program: string, task: ChildTask, around: Surroundings = { kind: "plain" }): RunningChild {
  const node = [process.execPath, program, JSON.stringify(task)];
  const [command = "", ...args] = [...entrance(task, around), ...node];
  const isNobody = around.kind === "nobody" && process.getuid?.() === 0;
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(isNobody && { uid: nobody, gid: nobody }),
  });
  return { process: child, report: reportOf(child) };
}

function entrance(task: ChildTask, around: Surroundings): readonly string[] {
  if (around.kind === "small disk") {
    const mounted = 'mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@"';
    return [
      "unshare",
      "--user",
      "--map-root-user",
      "--mount",
      "sh",
      "-c",
      mounted,
      "sh",
      String(around.bytes),
      task.target,
    ];
  }
  if (around.kind === "damaged disk") {
    // What was copied leaves the memory, and then the disk: names and sizes are known, no byte can be read.
    const damaged = `set -e
      cp -r "$1/." "$2/copy"; truncate -s 32M "$2/image"; mkfs.ext4 -q -F -O ^has_journal "$2/image"; mount -o loop,noatime "$2/image" "$1"
      cp -r "$2/copy/." "$1"; sync -f "$1"; mount -o remount,ro "$1"
      find "$1" -type f -exec dd if={} iflag=nocache count=0 status=none \\;
      truncate -s 0 "$2/image"; shift 2; exec "$@"`;
    return ["unshare", "--mount", "sh", "-c", damaged, "sh", around.folder, around.beside];
  }
  return [];
}

async function reportOf(child: ChildProcess): Promise<ChildReport> {
  if (child.stdout === null || child.stderr === null) throw new Error("the child has no output");
  const ended = once(child, "close") as Promise<[number | null]>;
  const [printed, faults, [status]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (faults !== "" || status !== 0) throw new Error(`the child ended with ${status}:\n${faults}`);
  return JSON.parse(printed) as ChildReport;
}

/** Every file that is there is one of the operation's, byte for byte; with `all`, each of them is there. */
export function expectWholeFiles({ files }: ChildReport, { objects }: Operation, all: boolean): void {
  const whole = new Map(
    objects.map((object) => [object.key, createHash("sha256").update(contentOf(object)).digest("hex")]),
  );
  for (const { name, sha256 } of files) expect({ name, sha256 }).toEqual({ name, sha256: whole.get(name) });
  if (all) expect(files.map(({ name }) => name).toSorted()).toEqual([...whole.keys()].toSorted());
}
