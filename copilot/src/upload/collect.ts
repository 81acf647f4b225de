import { realpath } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { type Clock, DataPlaneError, fromPlain, joinUri, parseSimple, parseStorageUri } from "@flyte-dataplane/core";
import type { Variable } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import {
  type BlobType,
  BlobType_BlobDimensionality,
  type EnumType,
  type LiteralType,
  type SimpleType,
} from "@flyte-dataplane/proto/flyteidl2/core/types";
import { type Stores, uploadFile, uploadTree } from "@flyte-dataplane/storage";
import { readSmallFile } from "../local/read-file.ts";
import { VariableFaults } from "../variable-faults.ts";
import { checkVariableName } from "../variable-names.ts";
import { type FoundOutput, findOutput } from "./find-output.ts";

export interface CollectOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  /** Directory that the task wrote to. */
  readonly fromLocalDir: string;
  /** URI under which file data goes. */
  readonly toRawOutput: string;
  readonly signal?: AbortSignal;
}

/** Failures told of one folder. */
const failuresTold = 3;
/** Bytes of a simple value; what other programs of this name accept. */
const maxSimpleBytes = 1024;

/**
 * Turns what the task left into literals by their declared types, uploading the data of files and folders on the way.
 * Rejects with one error that names every variable at fault; data uploaded by then stays.
 */
export async function collect(
  variables: ReadonlyMap<string, Variable>,
  options: CollectOptions,
): Promise<Record<string, Literal>> {
  const faults = new VariableFaults();
  const literals: [string, Literal][] = [];
  // One variable after the other: a folder keeps all transfers busy, and there are few variables.
  for (const [name, { type }] of variables) {
    try {
      checkVariableName(name);
      const found = await findOutput(options.fromLocalDir, name);
      literals.push([name, await literalOf(name, type, found, options)]);
    } catch (error) {
      faults.add(name, error);
    }
  }
  faults.throwIfAny("collect outputs");
  return Object.fromEntries(literals);
}

async function literalOf(
  name: string,
  type: LiteralType | undefined,
  found: FoundOutput,
  options: CollectOptions,
): Promise<Literal> {
  switch (type?.type.case) {
    case "blob":
      return await blob(name, type.type.value, found, options);
    case "simple":
      return await simple(name, type.type.value, found);
    case "enumType":
      return await choice(name, type.type.value, found);
    default: {
      const what = `output "${name}": outputs of type "${type?.type.case ?? "none declared"}" are not supported`;
      throw new DataPlaneError("unimplemented", what, { origin: "user" });
    }
  }
}

async function simple(name: string, type: SimpleType, found: FoundOutput): Promise<Literal> {
  return fromPlain(parseSimple(type, await smallContent(name, found)));
}

async function choice(name: string, type: EnumType, found: FoundOutput): Promise<Literal> {
  const text = new TextDecoder().decode(await smallContent(name, found)).trim();
  if (type.values.includes(text)) return fromPlain({ kind: "string", value: text });
  throw new DataPlaneError("invalid_argument", `output "${name}": it is none of ${type.values.join(", ")}`, {
    origin: "user",
  });
}

async function smallContent(name: string, found: FoundOutput): Promise<Uint8Array> {
  if (found.isFolder) {
    throw new DataPlaneError("failed_precondition", `output "${name}": a simple value is a file, not a folder`, {
      origin: "user",
    });
  }
  return await readSmallFile(found.path, maxSimpleBytes);
}

async function blob(name: string, type: BlobType, found: FoundOutput, options: CollectOptions): Promise<Literal> {
  const declaredFolder = type.dimensionality === BlobType_BlobDimensionality.MULTIPART;
  if (declaredFolder !== found.isFolder) {
    const [declared, left] = declaredFolder ? ["a folder", "a file"] : ["a file", "a folder"];
    throw new DataPlaneError(
      "failed_precondition",
      `output "${name}": declared is ${declared}, the task left ${left}`,
      { origin: "user" },
    );
  }
  const uri = joinUri(options.toRawOutput, name);
  await upload(found, uri, options);
  const { format, dimensionality } = type;
  const value = { uri, metadata: { type: { format, dimensionality } } };
  return create(LiteralSchema, { value: { case: "scalar", value: { value: { case: "blob", value } } } });
}

async function upload(found: FoundOutput, uri: string, options: CollectOptions): Promise<void> {
  const { stores, clock, signal } = options;
  const location = parseStorageUri(uri);
  const bucket = await stores.bucket(location);
  const transfer = { clock, writes: "sync", failuresTold, ...(signal !== undefined && { signal }) } as const;
  if (found.isFolder) {
    const within = await realpath(options.fromLocalDir);
    await uploadTree(bucket, found.path, `${location.key}/`, { ...transfer, within });
  } else {
    await uploadFile(bucket, found.path, location.key, transfer);
  }
}
