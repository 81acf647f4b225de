/** What the task left, read by its declared type. Nothing is stored here: what has to be stored is listed beside the value. */
import { DataPlaneError, fromPlain, parseSimple } from "@flyte-dataplane/core";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import {
  type BlobType,
  BlobType_BlobDimensionality,
  type EnumType,
  type LiteralType,
  type SimpleType,
  type UnionType,
} from "@flyte-dataplane/proto/flyteidl2/core/types";
import { readSmallFile } from "../local/read-file.ts";
import { joinLocation } from "../store/locations.ts";
import { checkFileName } from "../variable-names.ts";
import { chooseVariant, noneOf } from "./choose-variant.ts";
import { parseExactJson } from "./exact-json.ts";
import { checkKey, literalFromJson } from "./json-value.ts";
import { scalarLiteral } from "./literal-of.ts";
import { badOutput, eachPart, isMismatch } from "./output-error.ts";
import type { FoundOutput, OutputFolder } from "./output-folder.ts";
import { PackedLiteral } from "./packed-literal.ts";

/** Data that has to be stored before the value that speaks of it is announced. */
export interface Upload {
  readonly uri: string;
  readonly data: FoundOutput;
}

export interface Output {
  readonly literal: Literal;
  readonly uploads: readonly Upload[];
}

/** One value of an output: the whole of it, or an element of a list or map. */
export interface OutputPlace {
  /** As messages have it. */
  readonly name: string;
  /** Where its data goes. */
  readonly uri: string;
  /** Undefined where the task left nothing. */
  readonly found: FoundOutput | undefined;
  /** The folder that it was looked for in. */
  readonly folder: OutputFolder;
  /** Most bytes of the text of one simple value. */
  readonly maxSimpleBytes: number;
}

/** Bytes of a JSON file that holds a whole list or map, unless a single value may have more. */
const maxJsonBytes = 1024 * 1024;

/**
 * The value at `place`. Rejects (origin user) with `not_found` if nothing is there, `invalid_argument` or
 * `failed_precondition` for what is not of the type, `resource_exhausted` for more text than is allowed, `unimplemented`
 * for a type that is not known here.
 */
export async function readOutput(type: LiteralType | undefined, place: OutputPlace): Promise<Output> {
  if (type === undefined) throw unsupported(place);
  const kind = type.type;
  if (kind.case === "unionType") return await oneOf(kind.value, place);
  const { found } = place;
  if (found === undefined) throw missing(place);
  switch (kind.case) {
    case "simple":
      return withoutData(simple(kind.value, place, await textOf(place, found)));
    case "enumType":
      return withoutData(await choice(kind.value, place, found));
    case "blob":
      return blob(kind.value, place, found);
    case "schema":
      return table(scalarLiteral({ case: "schema", value: { uri: place.uri, type: kind.value } }), place, found);
    case "structuredDatasetType": {
      const value = { uri: place.uri, metadata: { structuredDatasetType: kind.value } };
      return table(scalarLiteral({ case: "structuredDataset", value }), place, found);
    }
    case "collectionType":
    case "mapValueType":
      if (!found.isFolder) return withoutData(await fromJsonFile(type, place, found));
      return kind.case === "collectionType"
        ? await list(kind.value, place, found)
        : await map(kind.value, place, found);
    case undefined:
      throw unsupported(place);
  }
}

function missing({ name, folder }: OutputPlace): Error {
  const what = `find output ${name} in ${folder.path}: the task left no such file`;
  return new DataPlaneError("not_found", what, { origin: "user" });
}

function unsupported({ name }: OutputPlace): Error {
  return badOutput("unimplemented", name, 'outputs of type "none declared" are not supported');
}

function withoutData(literal: Literal): Output {
  return { literal, uploads: [] };
}

async function oneOf(type: UnionType, place: OutputPlace): Promise<Output> {
  const none = noneOf(type);
  if (none !== undefined && (await isNone(place))) return withoutData(none);
  if (place.found === undefined) throw missing(place);
  return await chooseVariant(type, place.name, (variant) => readOutput(variant, place));
}

/** Bytes; a longer file is not looked into for `null`. */
const longestNull = 64;

async function isNone({ found }: OutputPlace): Promise<boolean> {
  if (found === undefined) return true;
  if (found.isFolder) return false;
  const content = await readSmallFile(found.path, longestNull).catch(() => undefined);
  return content !== undefined && new TextDecoder().decode(content).trim() === "null";
}

/** An error names the part of a list or map that it is about; of a whole output its variable is enough. */
function simple(type: SimpleType, { name, folder }: OutputPlace, content: Uint8Array): Literal {
  try {
    return fromPlain(parseSimple(type, content));
  } catch (error) {
    const isPart = folder.path !== folder.root;
    throw isPart && isMismatch(error) ? badOutput(error.code, name, error.message) : error;
  }
}

async function choice(type: EnumType, place: OutputPlace, found: FoundOutput): Promise<Literal> {
  const text = new TextDecoder().decode(await textOf(place, found)).trim();
  if (type.values.includes(text)) return fromPlain({ kind: "string", value: text });
  throw badOutput("invalid_argument", place.name, `it is none of ${type.values.join(", ")}`);
}

async function textOf({ name, maxSimpleBytes }: OutputPlace, found: FoundOutput): Promise<Uint8Array> {
  if (found.isFolder) throw badOutput("failed_precondition", name, "a simple value is a file, not a folder");
  return await readSmallFile(found.path, maxSimpleBytes);
}

function blob({ format, dimensionality }: BlobType, { name, uri }: OutputPlace, data: FoundOutput): Output {
  const declaredFolder = dimensionality === BlobType_BlobDimensionality.MULTIPART;
  if (declaredFolder !== data.isFolder) {
    const [declared, left] = declaredFolder ? ["a folder", "a file"] : ["a file", "a folder"];
    throw badOutput("failed_precondition", name, `declared is ${declared}, the task left ${left}`);
  }
  const value = { uri, metadata: { type: { format, dimensionality } } };
  return { literal: scalarLiteral({ case: "blob", value }), uploads: [{ uri, data }] };
}

/** A table is a folder of files; of a single file the folder that holds it. */
function table(literal: Literal, { uri }: OutputPlace, data: FoundOutput): Output {
  const file = data.path.slice(data.path.lastIndexOf("/") + 1);
  return { literal, uploads: [{ uri: data.isFolder ? uri : joinLocation(uri, file), data }] };
}

async function fromJsonFile(type: LiteralType, place: OutputPlace, found: FoundOutput): Promise<Literal> {
  const content = await readSmallFile(found.path, Math.max(maxJsonBytes, place.maxSimpleBytes));
  return await literalFromJson(type, parseExactJson(content), place.name);
}

/** A folder whose files are named by their index, perhaps with an extension; all from 0 on are there. */
async function list(type: LiteralType, place: OutputPlace, found: FoundOutput): Promise<Output> {
  const folder = await place.folder.inner(found);
  const names = new Map<number, string>();
  for (const name of folder.names) {
    // What a mount or a desktop leaves behind.
    if (name.startsWith(".")) continue;
    const index = Number(/^(\d{1,9})(?:\.|$)/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(index)) throw badOutput("invalid_argument", place.name, `"${name}" is no index of a list`);
    const other = names.get(index);
    if (other !== undefined) {
      throw badOutput("invalid_argument", place.name, `"${other}" and "${name}" are both element ${index}`);
    }
    names.set(index, name);
  }
  const packed = new PackedLiteral();
  const uploads: Upload[] = [];
  await eachPart(Array.from({ length: names.size }), async (_, index) => {
    const name = names.get(index);
    if (name === undefined) throw badOutput("not_found", place.name, `element ${index} of ${names.size} is missing`);
    const item = await part(type, place, `${place.name}[${index}]`, index.toString(), folder, name);
    packed.addItem(item.literal);
    for (const upload of item.uploads) uploads.push(upload);
  });
  return { literal: packed.list, uploads };
}

/** A folder whose files are named by the keys; whoever wants dots in a key, writes them. */
async function map(type: LiteralType, place: OutputPlace, found: FoundOutput): Promise<Output> {
  const folder = await place.folder.inner(found);
  const packed = new PackedLiteral();
  const uploads: Upload[] = [];
  await eachPart(folder.names, async (key) => {
    checkKey(key, place.name);
    const member = await part(type, place, `${place.name}[${JSON.stringify(key)}]`, key, folder, key);
    packed.addEntry(key, member.literal);
    for (const upload of member.uploads) uploads.push(upload);
  });
  return { literal: packed.map, uploads };
}

async function part(
  type: LiteralType,
  whole: OutputPlace,
  name: string,
  segment: string,
  folder: OutputFolder,
  entry: string,
): Promise<Output> {
  checkFileName(segment, name);
  return await readOutput(type, {
    name,
    get uri() {
      return joinLocation(whole.uri, segment);
    },
    found: await folder.entry(entry),
    folder,
    maxSimpleBytes: whole.maxSimpleBytes,
  });
}
