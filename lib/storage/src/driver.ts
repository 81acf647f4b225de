/**
 * The contract between a store and everything above it. A driver speaks to one kind of store and knows nothing of
 * Flyte; `Bucket` (bucket.ts) adds validation, error wrapping and convenience and is what callers hold.
 *
 * Keys are non-empty strings of at most 1,024 UTF-8 bytes; they are opaque to object stores. Every promise here is
 * proven for each driver by the conformance suite. Errors are `DataPlaneError`s whose `code` is one of those named.
 */
export interface Driver {
  readonly scheme: string;
  readonly capabilities: Capabilities;

  /** What is stored under `key`, without its bytes. Rejects with `not_found`. */
  head(key: string, options?: CallOptions): Promise<ObjectInfo>;

  /**
   * Opens `key` for reading; the caller iterates `body`, be it only to break out at once, which releases the connection
   * or file; an abort of `signal` before the first chunk was asked for releases it too. `range` past the end gives fewer or no bytes, never an error. Rejects (also mid-body) with `not_found`, `data_loss` for a body shorter
   * or longer than announced, `aborted` if the object was replaced while `ifMatch` was set, `canceled`.
   */
  get(key: string, options?: GetOptions): Promise<ReadResult>;

  /**
   * Stores `body` under `key`, replacing any object there; readers see the old object or the new one, never part.
   * Rejects with `already_exists` if `ifAbsent` is set and the key is taken, `data_loss` if length or MD5 differ from those
   * given or a file ends before its slice does, `resource_exhausted` when the store is full, `canceled` once `signal` aborts.
   * After a rejection no parts stay behind.
   */
  put(key: string, body: Source, options?: PutOptions): Promise<PutResult>;

  /**
   * Objects whose key starts with `prefix`, in ascending order of their UTF-8 bytes, one page after the other.
   * A prefix without objects gives an empty iteration. Objects are described by key, size, version and time at least; what
   * only `head` knows (checksums, type, metadata) may be missing.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>;

  /** As `list`, in the portions in which the store gives them, none of them empty: cheaper where there are many. May be absent. */
  pages?(prefix: string, options?: ListOptions): AsyncIterable<readonly ObjectInfo[]>;

  /** Removes `key`; removing what is absent succeeds. */
  delete(key: string, options?: CallOptions): Promise<void>;

  /** Present when `capabilities.sign` is; absent otherwise. */
  readonly signer?: Signer;

  /** Present when `capabilities.multipart` is; absent otherwise. */
  readonly multipart?: Multipart;

  /** Releases sockets and descriptors; calls after it reject with `failed_precondition`. */
  close(): Promise<void>;
}

/** What a store can do. The suite asserts both sides: present works, absent rejects with `unimplemented`. */
export interface Capabilities {
  readonly ifAbsent: boolean;
  readonly ifMatch: boolean;
  readonly sign: boolean;
  /** Objects can be uploaded in parts. */
  readonly multipart: boolean;
  /** The store keeps user metadata, content type and MD5 with the object; without it `contentType` is not kept. */
  readonly metadata: boolean;
  /**
   * Any string is a key. Without it keys with empty, `.` or `..` segments or a trailing slash reject with
   * `invalid_argument`, and a key may be refused as object and folder of another at once (`failed_precondition`).
   */
  readonly flatKeys: boolean;
}

/**
 * What is to be stored. Bytes in memory and a slice of a file can be read again after a failure; an iterable is consumed
 * once, so a retry needs a fresh one.
 */
export type Source = AsyncIterable<Uint8Array> | Uint8Array | FileSlice;

/** A stretch of an open file, in bytes. Whoever opened `fd` closes it, after the call has settled. */
export interface FileSlice {
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface GetOptions extends CallOptions {
  /** First byte, and how many bytes from there; `length` absent means to the end. */
  readonly range?: { readonly offset: number; readonly length?: number };
  /** Reads only this version (an `ObjectInfo.etag`); another one there rejects with `aborted`. */
  readonly ifMatch?: string;
  /** The caller compares the body with `info.checksums` itself, so that the driver need not do it as well. */
  readonly unverified?: boolean;
  /** Is offered the body; see `BodySink`. A driver may pass over it. */
  readonly sink?: BodySink;
}

/**
 * Takes a whole object within the calls that bring it, for programs that block at each write: the cheapest way for a small
 * one. `get` then resolves after the last byte, with `taken`. The sink compares the body with `info.checksums`. What it
 * throws is what `get` rejects with, and is final.
 */
export interface BodySink {
  /** False leaves the body to whoever called `get`. The key in `info` is the store's own. */
  begin(info: ObjectInfo): boolean;
  /** `bytes` stay as they are during the call only. */
  chunk(bytes: Uint8Array): void;
  /** The body is complete. */
  end(): void;
  /** What it takes, from when `begin` was called until that returned false. */
  readonly taking: ObjectInfo | undefined;
  /** Bytes so far: where the line breaks, the rest may come by another way. */
  readonly received: number;
}

export interface PutOptions extends CallOptions {
  /** Exact number of bytes in `body`, when known. */
  readonly length?: number;
  /** 16 bytes. */
  readonly contentMd5?: Uint8Array;
  readonly contentType?: string;
  /** Rejects with `unimplemented` where `capabilities.metadata` is absent. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly ifAbsent?: boolean;
}

export interface ListOptions extends CallOptions {
  /** Starts after this key. */
  readonly startAfter?: string;
  /** Ends after so many objects. */
  readonly limit?: number;
}

export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Opaque version: equal for equal bytes written once, different after a replacement. */
  readonly etag: string;
  /** Milliseconds since the Unix epoch. */
  readonly modifiedAt: number;
  /** 16 bytes, where the store knows it without reading the object. */
  readonly contentMd5?: Uint8Array;
  /** Of the whole object, as the store keeps them; big-endian. */
  readonly checksums?: Checksums;
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** 4 bytes each, `sha256` 32. */
export interface Checksums {
  readonly crc32?: Uint8Array;
  readonly crc32c?: Uint8Array;
  readonly sha256?: Uint8Array;
}

/** An answer to `get`: its reader takes `body` or calls `toFile`, one of the two and once, unless the body is taken. */
export interface ReadResult {
  readonly info: ObjectInfo;
  /** The sink has had the whole body; there are no chunks. */
  readonly taken?: boolean;
  /** Chunks are valid until the next one is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
  /**
   * Writes the body into a file and resolves to its length; rejects as `body` does, or with `resource_exhausted` when the
   * disk is full. When it rejects with `unavailable`, every chunk that `onChunk` saw is in the file, so that a reader can go
   * on behind them; a write that fails has another code. Present where the driver has a way that is faster than iterating.
   */
  readonly toFile?: (target: FileTarget) => Promise<number>;
}

/** Where bytes go. Whoever opened `fd` closes it, after the call has settled. */
export interface FileTarget {
  readonly fd: number;
  /** Of the first byte in the file. */
  readonly position: number;
  /** Sees each chunk, in order, before it is written: hashes, progress, a resumption's count. It must not keep it. */
  readonly onChunk?: (chunk: Uint8Array) => void;
}

export interface PutResult {
  readonly etag: string;
  readonly size: number;
}

/**
 * Uploads in parts, in any order and at once; nothing is visible before `complete`. Whoever created an upload completes
 * or aborts it.
 */
export interface Multipart {
  readonly limits: PartLimits;
  create(key: string, options?: CreateUploadOptions): Promise<Upload>;
  /** Stores one part, replacing an earlier one of its number. `number` is 1 or more. */
  putPart(upload: Upload, number: number, body: Uint8Array | FileSlice, options?: CallOptions): Promise<UploadedPart>;
  /** Makes the object of `parts`, ascending by number. Rejects as `put` does; a rejection leaves the upload to be aborted. */
  complete(upload: Upload, parts: readonly UploadedPart[], options?: CompleteOptions): Promise<PutResult>;
  /** Removes the upload and its parts; one that is gone already is no error. */
  abort(upload: Upload, options?: CallOptions): Promise<void>;
}

/** Bytes, except for `maxParts`. Every part but the last has `minPartBytes` at least. */
export interface PartLimits {
  readonly minPartBytes: number;
  readonly maxPartBytes: number;
  readonly maxParts: number;
}

export type CreateUploadOptions = Pick<PutOptions, "contentType" | "metadata" | "signal">;

export interface CompleteOptions extends CallOptions {
  readonly ifAbsent?: boolean;
}

export interface Upload {
  readonly key: string;
  readonly id: string;
}

export interface UploadedPart {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  readonly checksums?: Checksums;
}

/** Makes links with which somebody without credentials may do one thing to one object until a moment. */
export interface Signer {
  signGet(key: string, options: SignGetOptions): Promise<SignedRequest>;
  signPut(key: string, options: SignPutOptions): Promise<SignedRequest>;
}

export interface SignGetOptions {
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** File name suggested to a browser. */
  readonly downloadName?: string;
  /** Scheme, host and port the link shall name, in place of the configured ones, for callers on another network. */
  readonly endpoint?: string;
  readonly signal?: AbortSignal;
}

export interface SignPutOptions {
  readonly expiresAt: number;
  /** 16 bytes; the store refuses other content. */
  readonly contentMd5?: Uint8Array;
  /** Bytes; the store refuses another length. */
  readonly contentLength?: number;
  readonly contentType?: string;
  /** Rejects with `unimplemented` where `capabilities.metadata` is absent. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** As for `signGet`. */
  readonly endpoint?: string;
  readonly signal?: AbortSignal;
}

export interface SignedRequest {
  readonly method: "GET" | "PUT";
  readonly url: string;
  /** Headers that the caller must send as they are. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: number;
}
