import path from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";
import { DataPlaneError, formatDateTime, formatPrimitive, formatStruct, toNanos } from "@flyte-dataplane/core";
import type { Literal, Primitive, Scalar } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { BlobType_BlobDimensionality } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { VariableFaults } from "../variable-faults.ts";
import { checkFileName, checkVariableName } from "../variable-names.ts";
import { baseName, uniqueName } from "./base-names.ts";
import { type MetadataValue, toBase64 } from "./metadata-value.ts";

/** Where everything lands: pure data, made before any byte is written. */
export interface Layout {
  /** Parents before children. */
  readonly folders: readonly string[];
  readonly texts: readonly { readonly file: string; readonly bytes: Uint8Array }[];
  readonly blobs: readonly BlobPlace[];
  /** The inputs with locations replaced by local paths; hash, metadata and artifact stay. */
  readonly literals: Readonly<Record<string, Literal>>;
  readonly values: ReadonlyMap<string, MetadataValue>;
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
}

/**
 * Decides the path of every value. Throws one error (origin user) that names every variable which has no place: a name
 * that would leave the folder or overwrite another file, a literal without value.
 */
export function layOut(inputs: ReadonlyMap<string, Literal>, options: LayoutOptions): Layout {
  const faults = new VariableFaults();
  const plan = new Plan(options);
  const literals: [string, Literal][] = [];
  const values = new Map<string, MetadataValue>();
  for (const [name, literal] of inputs) {
    try {
      checkVariableName(name);
      const placed = plan.place(name, literal, { path: path.join(options.folder, name) });
      literals.push([name, placed.literal]);
      values.set(name, placed.value);
    } catch (error) {
      faults.add(name, error);
    }
  }
  faults.throwIfAny("lay out inputs");
  return { ...plan.made, literals: Object.fromEntries(literals), values };
}

/** Where one literal goes. */
interface Slot {
  readonly path: string;
  /** Set for an element of a list: a named file stands in the list's folder, beside its siblings. */
  readonly sibling?: { readonly folder: string; readonly index: number; readonly taken: Set<string> };
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

  place(variable: string, literal: Literal, slot: Slot): Placed {
    const { value } = literal;
    switch (value.case) {
      case "scalar": {
        const placed = this.#scalar(variable, value.value, slot);
        return { literal: { ...literal, value: { case: "scalar", value: placed.scalar } }, value: placed.value };
      }
      case "collection": {
        this.made.folders.push(slot.path);
        const taken = new Set<string>();
        const items = value.value.literals.map((item, index) =>
          this.place(variable, item, {
            path: path.join(slot.path, index.toString()),
            sibling: { folder: slot.path, index, taken },
          }),
        );
        const collection = { ...value.value, literals: items.map((item) => item.literal) };
        return {
          literal: { ...literal, value: { case: "collection", value: collection } },
          value: items.map((item) => item.value),
        };
      }
      case "map": {
        this.made.folders.push(slot.path);
        const entries = Object.entries(value.value.literals).map(([key, member]) => {
          checkFileName(key, `map key "${key}"`);
          return [key, this.place(variable, member, { path: path.join(slot.path, key) })] as const;
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

  #scalar(variable: string, scalar: Scalar, slot: Slot): { readonly scalar: Scalar; readonly value: MetadataValue } {
    const { value } = scalar;
    switch (value.case) {
      case "primitive":
        this.#text(slot, formatPrimitive(value.value));
        return { scalar, value: primitiveValue(value.value) };
      case "binary":
        this.made.texts.push({ file: slot.path, bytes: value.value.value });
        return { scalar, value: toBase64(value.value.value) };
      case "error":
        this.#text(slot, value.value.message);
        return { scalar, value: value.value.message };
      case "generic":
        this.#text(slot, formatStruct(value.value));
        return { scalar, value: structValue(value.value) };
      case "noneType":
        this.#text(slot, "null");
        return { scalar, value: null };
      case "blob": {
        const multipart = value.value.metadata?.type?.dimensionality === BlobType_BlobDimensionality.MULTIPART;
        const uri = multipart
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
        const inner = this.place(variable, value.value.value, slot);
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
    this.made.blobs.push({ variable, uri, path: slot.path, multipart: true });
    return slot.path;
  }

  #file(variable: string, uri: string, slot: Slot): string {
    if (this.#options.remoteBlobs) return uri;
    const file = this.#options.namedFolders ? this.#named(uri, slot) : slot.path;
    this.made.blobs.push({ variable, uri, path: file, multipart: false });
    return file;
  }

  #named(uri: string, { path: own, sibling }: Slot): string {
    const folder = sibling?.folder ?? own;
    const name = uniqueName(baseName(uri), sibling?.index ?? 0, sibling?.taken ?? new Set());
    checkFileName(name, `file name "${name}"`);
    if (sibling === undefined) this.made.folders.push(folder);
    return path.join(folder, name);
  }
}

function primitiveValue({ value }: Primitive): MetadataValue {
  switch (value.case) {
    case "datetime":
      return formatDateTime(value.value);
    case "duration":
      return toNanos(value.value);
    case undefined:
      return null;
    default:
      return value.value;
  }
}

function structValue(value: JsonValue): MetadataValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(structValue);
  return new Map(Object.entries(value).map(([key, member]) => [key, structValue(member)]));
}
