import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Clock, DataPlaneError, inputsFile, inputsJsonFile, inputsYamlFile } from "@flyte-dataplane/core";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { Stores } from "@flyte-dataplane/storage";
import { declaredInputs } from "./download/declared-inputs.ts";
import { fetchInputs } from "./download/fetch.ts";
import { type Layout, layOut } from "./download/layout.ts";
import { materialize } from "./download/materialize.ts";
import { toJson, toYaml } from "./download/metadata-value.ts";
import { makeFolder, placeBytes } from "./local/place-file.ts";
import { namingVolume } from "./local/volume.ts";
import type { Tally } from "./tally.ts";

/** Which file lists all inputs beside `inputs.pb`, which is always there. */
export type MetadataFormat = "JSON" | "YAML" | "PROTO";

export interface DownloadOptions {
  readonly stores: Stores;
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
  const types = declaredInputs(options.inputInterface);
  await makeFolder(toLocalDir);
  const inputs = await fetchInputs(options.fromRemote, options);
  const layout = layOut(inputs, { ...options, folder: toLocalDir, types });
  try {
    await materialize(layout, { ...options, folder: toLocalDir });
    await describe(layout, options);
  } catch (error) {
    throw await namingVolume(toLocalDir, error);
  }
}

async function describe({ literals, values }: Layout, { toLocalDir, format }: DownloadOptions): Promise<void> {
  const message = toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals }));
  await placeBytes(path.join(toLocalDir, inputsFile), message);
  if (format === "PROTO") return;
  const [name, text] = format === "JSON" ? [inputsJsonFile, toJson(values)] : [inputsYamlFile, toYaml(values)];
  await placeBytes(path.join(toLocalDir, name), new TextEncoder().encode(text));
}
