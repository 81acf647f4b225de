import { type Clock, DataPlaneError } from "@flyte-dataplane/core";
import type { Stores } from "@flyte-dataplane/storage";
import { declaredInputs } from "./download/declared-inputs.ts";
import { Description, type MetadataFormat } from "./download/describe.ts";
import { fetchInputs } from "./download/fetch.ts";
import { layOut } from "./download/layout.ts";
import { materialize } from "./download/materialize.ts";
import { stageTexts } from "./download/stage-texts.ts";
import { removeLeftovers } from "./local/leftovers.ts";
import { makeFolder } from "./local/place-file.ts";
import { namingVolume } from "./local/volume.ts";
import type { Locate } from "./store/locations.ts";
import type { Tally } from "./tally.ts";

export interface DownloadOptions {
  readonly stores: Stores;
  /** What locations mean to the stores; themselves by default. */
  readonly locate?: Locate;
  readonly clock: Clock;
  readonly tally: Tally;
  /** URI of the inputs message. */
  readonly fromRemote: string;
  /** Folder to fill; made if missing. */
  readonly toLocalDir: string;
  readonly format: MetadataFormat;
  /** Layout NAMED_DIR: files keep their own names. */
  readonly namedFolders: boolean;
  /** Mode DO_NOT_DOWNLOAD: files and folders stay where they are. */
  readonly remoteBlobs: boolean;
  /** Serialized VariableMap: which types are declared. */
  readonly inputInterface?: Uint8Array;
  /** With `namedFolders`: what an optional file that is none becomes. */
  readonly optionalFiles: "ABSENT" | "EMPTY";
  /** A binary in msgpack lies there as JSON, too. */
  readonly decodeMsgpack: boolean;
  /** Most bytes of one object. */
  readonly maxBytes: number;
  /** What a received object is compared with; see `DownloadOptions` of transfers. */
  readonly verify: "checksums" | "known";
  readonly signal?: AbortSignal;
}

/**
 * Stages the inputs of a task as files: the folder, the message, the place of each value, the values, and last the files
 * that describe them all, whose presence therefore says that everything is there. Rejects with a `DataPlaneError`.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { toLocalDir } = options;
  for (const [flag, value] of [
    ["--to-local-dir", toLocalDir],
    ["--from-remote", options.fromRemote],
  ] as const) {
    if (value === "") throw new DataPlaneError("invalid_argument", `download: ${flag} is missing`);
  }
  const began = options.clock.now();
  const types = declaredInputs(options.inputInterface);
  makeFolder(toLocalDir);
  const inputs = await fetchInputs(options.fromRemote, options);
  const layoutOptions = { ...options, folder: toLocalDir, types };
  const layout = layOut(inputs, layoutOptions);
  removeLeftovers(toLocalDir, layout.folders, began);
  const description = new Description(options.format);
  const writeTexts = (): Promise<void> => stageTexts(inputs, layoutOptions, description, options.signal);
  try {
    await materialize(layout, { ...options, folder: toLocalDir, writeTexts });
    description.write(toLocalDir);
  } catch (error) {
    throw namingVolume(toLocalDir, error);
  }
}
