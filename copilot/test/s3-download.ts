import { readFile } from "node:fs/promises";
import path from "node:path";
import type { PlainLiteral } from "@flyte-dataplane/core";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { readError, writeInputs, writeTree } from "./documents.ts";
import { text } from "./download-run.ts";
import { flagMode, type ObjectStore } from "./object-store.ts";
import { type Ended, inFolder, run } from "./program.ts";

type Inputs = Readonly<Record<string, PlainLiteral | Literal>>;

export interface GivenInputs {
  readonly inputs?: Inputs;
  readonly objects?: Readonly<Record<string, string | Uint8Array>>;
  readonly multiContainer?: boolean;
  readonly pairs?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

export interface StagedFromS3 extends Ended {
  /** Folder that was filled. */
  readonly local: string;
  /** Message of the error document; empty where there is none. */
  readonly report: string;
}

/** Stages inputs that lie at the store, by an executor's words; `look` sees what came of it. */
export async function stagedFromS3(
  store: ObjectStore,
  given: GivenInputs,
  look: (result: StagedFromS3) => Promise<void> | void,
): Promise<void> {
  const { inputs = { x: text("y") }, objects = {}, multiContainer = false, pairs = store.pairs, flags = [] } = given;
  await store.put(objects);
  await putInputs(store, inputs);
  await store.proxy.reset();
  await writeTree(path.join(store.folder(), "run", "a0", "1"), { "error.pb": "stale" });
  await inFolder(async (folder) => {
    const local = path.join(folder, "inputs");
    const words = flagMode({ pairs, container: store.bucket, multiContainer });
    const ended = await run([...words, ...downloadWords(store, local), ...flags]);
    const document = await readError(path.join(store.folder(), "run", "a0", "1")).catch(() => undefined);
    await look({ ...ended, local, report: document?.message ?? "" });
  });
}

export async function putInputs(store: ObjectStore, inputs: Inputs): Promise<void> {
  await inFolder(async (folder) => {
    await store.put({ "run/inputs.pb": await readFile(await writeInputs(folder, inputs)) });
  });
}

/** The words of the container that stages inputs. */
export function downloadWords(store: ObjectStore, local: string): readonly string[] {
  return [
    "download",
    "--from-remote",
    store.uri("run/inputs.pb"),
    "--to-output-prefix",
    store.uri("run/a0/1"),
    "--to-local-dir",
    local,
    "--format",
    "JSON",
    "--file-input-layout",
    "DIRECT",
    "--input-interface",
    "",
  ];
}
