import path from "node:path";
import type { PlainLiteral } from "@flyte-dataplane/core";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { writeInputs } from "./documents.ts";
import { type Ended, inFolder, run } from "./program.ts";

export interface Staged extends Ended {
  /** Folder that was filled. */
  readonly local: string;
  /** Folder of the attempt, where error documents go. */
  readonly output: string;
}

/** Runs `download` for these inputs with the store in `folder`. */
export async function stage(
  folder: string,
  inputs: Readonly<Record<string, PlainLiteral | Literal>>,
  flags: readonly string[] = [],
): Promise<Staged> {
  return await stageFrom(folder, await writeInputs(path.join(folder, "run"), inputs), flags);
}

export async function stageFrom(folder: string, fromRemote: string, flags: readonly string[] = []): Promise<Staged> {
  const local = path.join(folder, "work", "inputs");
  const output = path.join(folder, "run", "a0", "1");
  const ended = await run([
    "--storage.limits.maxDownloadMBs=0",
    "download",
    "--from-remote",
    fromRemote,
    "--to-output-prefix",
    output,
    "--to-local-dir",
    local,
    ...flags,
  ]);
  return { ...ended, local, output };
}

/** `stage` in a folder of its own; `look` sees what it made. */
export async function staged(
  inputs: (folder: string) => Readonly<Record<string, PlainLiteral | Literal>>,
  flags: readonly string[],
  look: (staged: Staged, folder: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await look(await stage(folder, inputs(folder), flags), folder);
  });
}

export const file = (uri: string): PlainLiteral => ({ kind: "blob", uri, format: "csv", multipart: false });
export const directory = (uri: string): PlainLiteral => ({ kind: "blob", uri, format: "", multipart: true });
export const text = (value: string): PlainLiteral => ({ kind: "string", value });
export const integer = (value: bigint): PlainLiteral => ({ kind: "integer", value });
export const list = (...items: PlainLiteral[]): PlainLiteral => ({ kind: "collection", items });
export const dict = (entries: Readonly<Record<string, PlainLiteral>>): PlainLiteral => ({
  kind: "map",
  entries: new Map(Object.entries(entries)),
});
export const union = (value: PlainLiteral): PlainLiteral => ({ kind: "union", value, type: undefined });
