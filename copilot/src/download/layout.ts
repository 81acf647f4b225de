import path from "node:path";
import { DataPlaneError, formatPrimitive, formatStruct } from "@flyte-dataplane/core";
import type { Blob, Literal, Scalar } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { BlobType_BlobDimensionality, type LiteralType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import type { Locate } from "../store/locations.ts";
import { VariableFaults } from "../variable-faults.ts";
import { checkFileName, checkVariableName } from "../variable-names.ts";
import { baseName, uniqueName } from "./base-names.ts";
import { type MetadataValue, toBase64, toJson } from "./metadata-value.ts";
import { msgpackValue } from "./msgpack-value.ts";
import { primitiveValue, structValue } from "./plain-value.ts";

/** Where everything lands: pure data, made before any byte is written. */
export interface Layout {
  /** Parents before children. */
  readonly folders: readonly string[];
  readonly blobs: readonly BlobPlace[];
  /** Of all texts, which are laid out again when it is their turn to be written. */
  readonly textBytes: number;
}

/** One input where it lands. */
export interface PlacedInput {
  readonly folders: readonly string[];
  readonly texts: readonly { readonly file: string; readonly bytes: Uint8Array }[];
  readonly blobs: readonly BlobPlace[];
  /** With locations replaced by local paths; hash, metadata and artifact stay. */
  readonly literal: Literal;
  readonly value: MetadataValue;
}

export interface BlobPlace {
  readonly variable: string;
  readonly uri: string;
  /** File of a single blob, folder of a multipart one. */
  readonly path: string;
  readonly multipart: boolean;
}

export interface LayoutOptions {
  /** Folder to fill. */
  readonly folder: string;
  /** Whether a file keeps its own name, in a folder named after the variable. */
  readonly namedFolders: boolean;
  /** Whether files and folders stay where they are, so that their locations stand in place of local paths. */
  readonly remoteBlobs: boolean;
  /** Declared types, by variable; what a none stands for is known from them alone. */
  readonly types?: ReadonlyMap<string, LiteralType>;
  /** With `namedFolders`, what an optional file that is none becomes; without it, a file `null`. */
  readonly optionalFiles?: "ABSENT" | "EMPTY";
  /** Whether a binary in msgpack lies there as JSON, too. */
  readonly decodeMsgpack?: boolean;
  /** What locations mean to the stores; themselves by default. */
  readonly locate?: Locate;
}

/** Inputs by name, each made when it is asked for. */
export interface InputSource {
  readonly names: Iterable<string>;
  literal(name: string): Literal;
}

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
      const placed = placeInput(name, inputs.literal(name), options);
      folders.push(...placed.folders);
      blobs.push(...placed.blobs);
      for (const { bytes } of placed.texts) textBytes += bytes.byteLength;
      if (options.decodeMsgpack === true) claims.add(name, placed);
    } catch (error) {
      faults.add(name, error);
    }
  }
  claims.check(faults);
  faults.throwIfAny("lay out inputs");
  return { folders, blobs, textBytes };
}

/** Decides the paths of one input. Throws `invalid_argument` (origin user) for one that has no place. */
export function placeInput(name: string, literal: Literal, options: LayoutOptions): PlacedInput {
  checkVariableName(name);
  const plan = new Plan(options);
  const placed = plan.place(name, literal, { path: path.join(options.folder, name) }, options.types?.get(name));
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

interface Placed {
  readonly literal: Literal;
  readonly value: MetadataValue;
}

class Plan {
  readonly made = {
    folders: [] as string[],
    texts: [] as { readonly file: string; readonly bytes: Uint8Array }[],
    blobs: [] as BlobPlace[],
  };
  readonly #options: LayoutOptions;

  constructor(options: LayoutOptions) {
    this.#options = options;
  }

  place(variable: string, literal: Literal, slot: Slot, type?: LiteralType): Placed {
    const { value } = literal;
    switch (value.case) {
      case "scalar": {
        const placed = this.#scalar(variable, value.value, slot, type);
        return { literal: { ...literal, value: { case: "scalar", value: placed.scalar } }, value: placed.value };
      }
      case "collection": {
        this.made.folders.push(slot.path);
        // What has no name of its own stands at its index, which is then no name for a file beside it.
        const taken = new Set(value.value.literals.flatMap((item, index) => (isFile(item) ? [] : [index.toString()])));
        const itemType = type?.type.case === "collectionType" ? type.type.value : undefined;
        const items = value.value.literals.map((item, index) => {
          const sibling = { folder: slot.path, index, taken };
          return this.place(variable, item, { path: path.join(slot.path, index.toString()), sibling }, itemType);
        });
        const collection = { ...value.value, literals: items.map((item) => item.literal) };
        return {
          literal: { ...literal, value: { case: "collection", value: collection } },
          value: items.map((item) => item.value),
        };
      }
      case "map": {
        this.made.folders.push(slot.path);
        const memberType = type?.type.case === "mapValueType" ? type.type.value : undefined;
        const entries = Object.entries(value.value.literals).map(([key, member]) => {
          checkFileName(key, `map key "${key}"`);
          return [key, this.place(variable, member, { path: path.join(slot.path, key) }, memberType)] as const;
        });
        const map = {
          ...value.value,
          literals: Object.fromEntries(entries.map(([key, { literal: member }]) => [key, member])),
        };
        return {
          literal: { ...literal, value: { case: "map", value: map } },
          value: new Map(entries.map(([key, placed]) => [key, placed.value])),
        };
      }
      case "offloadedMetadata":
      case undefined:
        throw new DataPlaneError("invalid_argument", "the literal has no value", { origin: "user" });
    }
  }

  #scalar(
    variable: string,
    scalar: Scalar,
    slot: Slot,
    type: LiteralType | undefined,
  ): { readonly scalar: Scalar; readonly value: MetadataValue } {
    const { value } = scalar;
    switch (value.case) {
      case "primitive":
        this.#text(slot, formatPrimitive(value.value));
        return { scalar, value: primitiveValue(value.value) };
      case "binary": {
        const { value: bytes, tag } = value.value;
        this.made.texts.push({ file: slot.path, bytes });
        if (tag === "msgpack" && this.#options.decodeMsgpack === true) {
          this.#text({ path: `${slot.path}.json` }, toJson(msgpackValue(bytes)));
        }
        return { scalar, value: toBase64(bytes) };
      }
      case "error":
        this.#text(slot, value.value.message);
        return { scalar, value: value.value.message };
      case "generic":
        this.#text(slot, formatStruct(value.value));
        return { scalar, value: structValue(value.value) };
      case "noneType":
        if (slot.optionalFile !== true || !this.#options.namedFolders) this.#text(slot, "null");
        else if (this.#options.optionalFiles === "EMPTY") this.made.folders.push(slot.path);
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
      case "union": {
        if (value.value.value === undefined) break;
        const { type: chosen } = value.value;
        const optionalFile = type?.type.case === "unionType" && type.type.value.variants.some(isFileType);
        const inner = this.place(variable, value.value.value, { ...slot, optionalFile }, chosen);
        const union = { ...value.value, value: inner.literal };
        return { scalar: { ...scalar, value: { case: "union", value: union } }, value: inner.value };
      }
      case undefined:
        break;
    }
    throw new DataPlaneError("invalid_argument", "the literal has no value", { origin: "user" });
  }

  #text(slot: Slot, text: string): void {
    this.made.texts.push({ file: slot.path, bytes: new TextEncoder().encode(text) });
  }

  #folder(variable: string, uri: string, slot: Slot): string {
    if (this.#options.remoteBlobs) return uri;
    this.made.folders.push(slot.path);
    this.made.blobs.push({ variable, uri: this.#located(uri), path: slot.path, multipart: true });
    return slot.path;
  }

  #file(variable: string, uri: string, slot: Slot): string {
    if (this.#options.remoteBlobs) return uri;
    const located = this.#located(uri);
    const file = this.#options.namedFolders ? this.#named(located, slot) : slot.path;
    this.made.blobs.push({ variable, uri: located, path: file, multipart: false });
    return file;
  }

  #located(uri: string): string {
    return this.#options.locate === undefined ? uri : this.#options.locate(uri);
  }

  #named(uri: string, { path: own, sibling }: Slot): string {
    const folder = sibling?.folder ?? own;
    const name = uniqueName(baseName(uri), sibling?.index ?? 0, sibling?.taken ?? new Set());
    checkFileName(name, `file name "${name}"`);
    if (sibling === undefined) this.made.folders.push(folder);
    return path.join(folder, name);
  }
}

function isFileType({ type }: LiteralType): boolean {
  return type.case === "blob" && type.value.dimensionality === BlobType_BlobDimensionality.SINGLE;
}

function isFile({ value }: Literal): boolean {
  const scalar = value.case === "scalar" ? value.value.value : undefined;
  if (scalar?.case === "union") return scalar.value.value !== undefined && isFile(scalar.value.value);
  return scalar?.case === "blob" && !isMultipart(scalar.value);
}

function isMultipart({ metadata }: Blob): boolean {
  return metadata?.type?.dimensionality === BlobType_BlobDimensionality.MULTIPART;
}

/** Files and folders by their paths, where a decoded binary takes one that nobody gave it. */
class Claims {
  readonly #folder: string;
  readonly #owners = new Map<string, string>();
  readonly #twice = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  add(variable: string, { folders, texts, blobs }: PlacedInput): void {
    // A folder of data is both.
    const data = new Set([...folders, ...blobs.map((blob) => blob.path)]);
    for (const place of [...data, ...texts.map(({ file }) => file)]) {
      const owner = this.#owners.get(place);
      this.#owners.set(place, variable);
      // Whoever bears the name of the file has the better claim.
      if (owner !== undefined) this.#twice.set(place, place === path.join(this.#folder, variable) ? owner : variable);
    }
  }

  check(faults: VariableFaults): void {
    for (const [place, variable] of this.#twice) {
      const what = `the JSON of its msgpack would be ${path.basename(place)}, which is another input's`;
      faults.add(variable, new DataPlaneError("invalid_argument", what, { origin: "user" }));
    }
  }
}
