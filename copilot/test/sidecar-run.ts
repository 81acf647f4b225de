import path from "node:path";
import { outputsOf, type Type, writeTree } from "./documents.ts";
import { type Ended, inFolder, type Running, run, start } from "./program.ts";

export interface Published extends Ended {
  /** Folder of the attempt: outputs or error documents. */
  readonly output: string;
  /** Folder of file data. */
  readonly raw: string;
  /** What the task wrote to. */
  readonly local: string;
}

export interface TaskOutputs {
  readonly types: Readonly<Record<string, Type>>;
  /** What it takes; nothing by default. */
  readonly inputs?: Readonly<Record<string, Type>>;
  /** What the task leaves, by path in its output directory. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly flags?: readonly string[];
}

export function sidecarArgs(folder: string, { types, inputs, flags = [] }: TaskOutputs): readonly string[] {
  const { local, output, raw } = places(folder);
  return [
    "sidecar",
    "--to-raw-output",
    raw,
    "--to-output-prefix",
    output,
    "--from-local-dir",
    local,
    "--interface",
    outputsOf(types, inputs),
    ...flags,
  ];
}

export function places(folder: string): { readonly local: string; readonly output: string; readonly raw: string } {
  return {
    local: path.join(folder, "local"),
    output: path.join(folder, "run", "a0", "1"),
    raw: path.join(folder, "raw"),
  };
}

/** Publishes at once what a task left, in a folder of its own; `look` sees the result. */
export async function published(
  task: TaskOutputs,
  look: (result: Published, folder: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await writeTree(places(folder).local, task.files ?? {});
    await look(await publishIn(folder, task), folder);
  });
}

export async function publishIn(folder: string, task: TaskOutputs): Promise<Published> {
  const ended = await run([...sidecarArgs(folder, task), "--start-watcher-type", "noop"], { cwd: folder });
  return { ...ended, ...places(folder) };
}

/** Starts a sidecar that waits for its signal; its working directory is `folder`. */
export function startSidecar(folder: string, task: TaskOutputs): Running {
  return start(sidecarArgs(folder, task), { cwd: folder });
}
