import path from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { DataPlaneError, formatPrimitive, formatStruct } from "@flyte-dataplane/core";
import { type Blob, LiteralSchema, type Scalar } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { BlobType_BlobDimensionality, type LiteralType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { VariableFaults } from "../variable-faults.ts";
import { checkFileName, checkVariableName } from "../variable-names.ts";
import { baseName, uniqueName } from "./base-names.ts";
import { Claims } from "./claims.ts";
import { type MetadataValue, toBase64, toJson } from "./metadata-value.ts";
import { msgpackValue } from "./msgpack-value.ts";
import { closeList, closeMap, closeUnion, type OpenLiteral, openLiteral } from "./open-literal.ts";
import { itemsOf, PackedMembers, Packing } from "./packed-items.ts";
import type { BlobPlace, InputSource, Layout, LayoutOptions, PlacedInput, TextPlace } from "./places.ts";
import { primitiveValue, structValue } from "./plain-value.ts";

/**
 * Decides the path of every value. Throws one error (origin user) that names every variable which has no place: a name
 * that would leave the folder or overwrite another file, a literal without value.
 */
export function layOut(inputs: InputSource, options: LayoutOptions): Layout {
  const faults = new VariableFaults();
  const folders: string[] = [];
  const blobs: BlobPlace[] = [];
  const claims = new Claims(options.folder);
  let textBytes = 0;
  for (const name of inputs.names) {
    try {
      const files: string[] = [];
      const places = placeInput(name, inputs.literal(name), options);
      let step = places.next();
      for (; step.done !== true; step = places.next()) {
        textBytes += step.value.bytes.byteLength;
        if (options.decodeMsgpack === true) files.push(step.value.file);
      }
      // Not spread: a call takes only so many arguments.
      for (const folder of step.value.folders) folders.push(folder);
      for (const blob of step.value.blobs) blobs.push(blob);
      if (options.decodeMsgpack === true) claims.add(name, step.value, files);
    } catch (error) {
      faults.add(name, error);
    }
  }
  claims.check(faults);
  faults.throwIfAny("lay out inputs");
  return { folders, blobs, textBytes };
}

/**
 * Decides the paths of one input, of which each text is to be taken when it comes: all of them at once would be too many.
 * Throws `invalid_argument` (origin user) for an input that has no place.
 */
export function* placeInput(
  name: string,
  literal: Uint8Array,
  options: LayoutOptions,
): Generator<TextPlace, PlacedInput, undefined> {
  checkVariableName(name);
  const plan = new Plan(options);
  const placed = yield* plan.place(name, literal, { path: path.join(options.folder, name) }, options.types?.get(name));
  return { ...plan.made, ...placed };
}

/** Where one literal goes. */
interface Slot {
  readonly path: string;
  /** Set for an element of a list: a named file stands in the list's folder, beside its siblings. */
  readonly sibling?: { readonly folder: string; readonly index: number; readonly taken: Set<string> };
  /** The value may be a file or none. */
  readonly optionalFile?: boolean;
}

/** A generator of texts that ends with what became of the literal. */
type Placing = Generator<TextPlace, Placed, undefined>;

interface Placed {
  /** Serialized. */
  readonly literal: Uint8Array;
  readonly value: MetadataValue;
}

class Plan {
  readonly made = {
    folders: [] as string[],
    blobs: [] as BlobPlace[],
  };
  readonly #options: LayoutOptions;

  constructor(options: LayoutOptions) {
    this.#options = options;
  }

  *place(variable: string, bytes: Uint8Array, slot: Slot, type?: LiteralType): Placing {
    const opened = openLiteral(bytes);
    switch (opened.kind) {
      case "list":
        return yield* this.#list(variable, opened, slot, type);
      case "map":
        return yield* this.#map(variable, opened, slot, type);
      case "union": {
        const optionalFile = type?.type.case === "unionType" && type.type.value.variants.some(isFileType);
        const inner = yield* this.place(variable, opened.inner, { ...slot, optionalFile }, opened.type);
        return { literal: closeUnion(opened.shell, inner.literal), value: inner.value };
      }
      case "leaf": {
        const { literal } = opened;
        if (literal.value.case !== "scalar") throw noValue();
        const placed = yield* this.#scalar(variable, literal.value.value, slot);
        const value = { case: "scalar", value: placed.scalar } as const;
        return { literal: toBinary(LiteralSchema, { ...literal, value }), value: placed.value };
      }
    }
  }

  *#list(
    variable: string,
    { items, shell }: OpenLiteral & { kind: "list" },
    { path: folder }: Slot,
    type: LiteralType | undefined,
  ): Placing {
    this.#folderAt(folder);
    const taken = this.#options.namedFolders ? indicesBesideFiles(items) : new Set<string>();
    const itemType = type?.type.case === "collectionType" ? type.type.value : undefined;
    const packing = new Packing(items);
    const values: MetadataValue[] = [];
    for (const item of itemsOf(items)) {
      const index = values.length;
      const slot = { path: path.join(folder, index.toString()), sibling: { folder, index, taken } };
      const placed = yield* this.place(variable, item, slot, itemType);
      packing.addItem(placed.literal);
      values.push(placed.value);
    }
    return { literal: closeList(shell, packing.bytes), value: values };
  }

  *#map(
    variable: string,
    { members, shell }: OpenLiteral & { kind: "map" },
    { path: folder }: Slot,
    type: LiteralType | undefined,
  ): Placing {
    this.#folderAt(folder);
    const memberType = type?.type.case === "mapValueType" ? type.type.value : undefined;
    const packed = new PackedMembers(members);
    const packing = new Packing(members);
    const values = new Map<string, MetadataValue>();
    for (const key of packed.keys) {
      checkFileName(key, `map key "${key}"`);
      const placed = yield* this.place(variable, packed.member(key), { path: path.join(folder, key) }, memberType);
      packing.addMember(key, placed.literal);
      values.set(key, placed.value);
    }
    return { literal: closeMap(shell, packing.bytes), value: values };
  }

  *#scalar(
    variable: string,
    scalar: Scalar,
    slot: Slot,
  ): Generator<TextPlace, { readonly scalar: Scalar; readonly value: MetadataValue }, undefined> {
    const { value } = scalar;
    switch (value.case) {
      case "primitive":
        yield textAt(slot.path, formatPrimitive(value.value));
        return { scalar, value: primitiveValue(value.value) };
      case "binary": {
        const { value: bytes, tag } = value.value;
        yield { file: slot.path, bytes };
        if (tag === "msgpack" && this.#options.decodeMsgpack === true) {
          yield textAt(`${slot.path}.json`, toJson(msgpackValue(bytes)));
        }
        return { scalar, value: toBase64(bytes) };
      }
      case "error":
        yield textAt(slot.path, value.value.message);
        return { scalar, value: value.value.message };
      case "generic":
        yield textAt(slot.path, formatStruct(value.value));
        return { scalar, value: structValue(value.value) };
      case "noneType":
        if (slot.optionalFile !== true || !this.#options.namedFolders) yield textAt(slot.path, "null");
        else if (this.#options.optionalFiles === "EMPTY") this.#folderAt(slot.path);
        return { scalar, value: null };
      case "blob": {
        const uri = isMultipart(value.value)
          ? this.#folder(variable, value.value.uri, slot)
          : this.#file(variable, value.value.uri, slot);
        return { scalar: { ...scalar, value: { case: "blob", value: { ...value.value, uri } } }, value: uri };
      }
      case "schema": {
        const uri = this.#folder(variable, value.value.uri, slot);
        return { scalar: { ...scalar, value: { case: "schema", value: { ...value.value, uri } } }, value: uri };
      }
      case "structuredDataset": {
        const uri = this.#folder(variable, value.value.uri, slot);
        return {
          scalar: { ...scalar, value: { case: "structuredDataset", value: { ...value.value, uri } } },
          value: uri,
        };
      }
      case "union":
      case undefined:
        throw noValue();
    }
  }

  #folderAt(folder: string): void {
    if (this.#options.textsAlone !== true) this.made.folders.push(folder);
  }

  #blobAt(place: BlobPlace): void {
    if (this.#options.textsAlone !== true) this.made.blobs.push(place);
  }

  #folder(variable: string, uri: string, slot: Slot): string {
    if (this.#options.remoteBlobs) return uri;
    this.#folderAt(slot.path);
    this.#blobAt({ variable, uri: this.#located(uri), path: slot.path, multipart: true });
    return slot.path;
  }

  #file(variable: string, uri: string, slot: Slot): string {
    if (this.#options.remoteBlobs) return uri;
    const located = this.#located(uri);
    const file = this.#options.namedFolders ? this.#named(located, slot) : slot.path;
    this.#blobAt({ variable, uri: located, path: file, multipart: false });
    return file;
  }

  #located(uri: string): string {
    return this.#options.locate === undefined ? uri : this.#options.locate(uri);
  }

  #named(uri: string, { path: own, sibling }: Slot): string {
    const folder = sibling?.folder ?? own;
    const name = uniqueName(baseName(uri), sibling?.index ?? 0, sibling?.taken ?? new Set());
    checkFileName(name, `file name "${name}"`);
    if (sibling === undefined) this.#folderAt(folder);
    return path.join(folder, name);
  }
}

function textAt(file: string, text: string): TextPlace {
  return { file, bytes: new TextEncoder().encode(text) };
}

function noValue(): DataPlaneError {
  return new DataPlaneError("invalid_argument", "the literal has no value", { origin: "user" });
}

/** What has no name of its own stands at its index, which is then no name for a file beside it. */
function indicesBesideFiles(items: Uint8Array): Set<string> {
  const indices = new Set<string>();
  let index = 0;
  for (const item of itemsOf(items)) {
    if (!isFile(item)) indices.add(index.toString());
    index += 1;
  }
  if (indices.size === index) indices.clear();
  return indices;
}

function isFileType({ type }: LiteralType): boolean {
  return type.case === "blob" && type.value.dimensionality === BlobType_BlobDimensionality.SINGLE;
}

function isFile(bytes: Uint8Array): boolean {
  const opened = openLiteral(bytes);
  if (opened.kind === "union") return isFile(opened.inner);
  const value = opened.kind === "leaf" ? opened.literal.value : undefined;
  const scalar = value?.case === "scalar" ? value.value.value : undefined;
  return scalar?.case === "blob" && !isMultipart(scalar.value);
}

function isMultipart({ metadata }: Blob): boolean {
  return metadata?.type?.dimensionality === BlobType_BlobDimensionality.MULTIPART;
}
