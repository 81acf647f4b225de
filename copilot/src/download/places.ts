import type { LiteralType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import type { Locate } from "../store/locations.ts";
import type { MetadataValue } from "./metadata-value.ts";

/** Where everything lands: pure data, made before any byte is written. */
export interface Layout {
  /** Parents before children. */
  readonly folders: readonly string[];
  readonly blobs: readonly BlobPlace[];
  /** Of all texts, which are laid out again when it is their turn to be written. */
  readonly textBytes: number;
}

/** A file whose content lies nowhere else. */
export interface TextPlace {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** One input where it lands, but for its texts. */
export interface PlacedInput {
  readonly folders: readonly string[];
  readonly blobs: readonly BlobPlace[];
  /** Serialized, with locations replaced by local paths; hash, metadata and artifact stay. */
  readonly literal: Uint8Array;
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
  /** Folders and blobs are known from before, and are not gathered once more: there may be a hundred thousand. */
  readonly textsAlone?: boolean;
}

/** Inputs by name, serialized. */
export interface InputSource {
  readonly names: Iterable<string>;
  literal(name: string): Uint8Array;
}
