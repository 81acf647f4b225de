import type { Clock } from "@flyte-dataplane/core";
import type { ObjectInfo, PutOptions } from "../driver.ts";

/** What every transfer between a bucket and local files is told. */
export interface TransferOptions {
  readonly clock: Clock;
  /** An abort ends the transfer; it rejects once no file of its own and no upload is left. */
  readonly signal?: AbortSignal;
  /**
   * `sync` blocks at each local write: cheaper, for a program that does nothing else. `async` (the default) leaves the
   * event loop to others. The wire client has a switch of the same name for the bytes that it writes itself.
   */
  readonly writes?: "sync" | "async";
  /** Hears what was moved so far, at most once per `progressEveryMs`, and once at the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** 1,000 by default. */
  readonly progressEveryMs?: number;
  readonly sizes?: Partial<TransferSizes>;
  /** Objects of a tree that the error tells of in full when several fail; 20 by default. */
  readonly failuresTold?: number;
}

/** Bytes on the way of a transfer that fails and starts again are counted each time they move. */
export interface Progress {
  readonly bytes: number;
  /** Complete ones. */
  readonly objects: number;
}

export interface DownloadOptions extends TransferOptions {
  /** Most bytes of one object; a larger one rejects with `resource_exhausted` before it is read. */
  readonly maxBytes?: number;
  /** What people call `maxBytes`, for the message: the setting that raises it. */
  readonly limitName?: string;
  /**
   * `checksums` (the default) compares the length and the CRC that the store keeps; `known` also the MD5, of objects whose
   * CRC is not known: twice the work of the transfer itself, and a second reading of those that come in pieces.
   */
  readonly verify?: "checksums" | "known";
}

export interface DownloadTreeOptions extends DownloadOptions {
  /** All objects below the prefix in ascending order, from a caller who has listed them already: they are not listed again. */
  readonly listed?: Iterable<ObjectInfo>;
}

export interface UploadTreeOptions extends UploadOptions {
  /** Resolved path of a folder around the directory: links may lead to files anywhere in it. Default: the directory. */
  readonly within?: string;
}

export interface UploadOptions extends TransferOptions, Pick<PutOptions, "contentType" | "metadata" | "ifAbsent"> {}

/** How transfers are cut. Bytes where not said otherwise. */
export interface TransferSizes {
  /** Larger objects move in pieces: ranges on the way down, parts on the way up. */
  readonly wholeBytes: number;
  /** Of a range, and of a part where the store's limits allow it. */
  readonly pieceBytes: number;
  /** Pieces of one object at a time: the transfer starts with the fewest and doubles them as long as that helps. */
  readonly fewestPieces: number;
  readonly mostPieces: number;
  /** Objects of a tree at a time. */
  readonly objects: number;
  /** Memory that an upload of unknown length may fill. */
  readonly streamBytes: number;
}

const mebibyte = 1024 * 1024;

export const defaultSizes: TransferSizes = {
  wholeBytes: 32 * mebibyte,
  pieceBytes: 16 * mebibyte,
  fewestPieces: 4,
  mostPieces: 16,
  objects: 16,
  streamBytes: 32 * mebibyte,
};

export interface TreeResult {
  readonly objects: number;
  readonly bytes: number;
}
