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
   * given, `resource_exhausted` when the store is full, `canceled` once `signal` aborts.
   * After a rejection no parts stay behind. `body` is consumed once, so a retry needs a fresh one.
   */
  put(key: string, body: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<PutResult>;

  /**
   * Objects whose key starts with `prefix`, in ascending order of their UTF-8 bytes, one page after the other.
   * A prefix without objects gives an empty iteration.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>;

  /** Removes `key`; removing what is absent succeeds. */
  delete(key: string, options?: CallOptions): Promise<void>;

  /** Present when `capabilities.sign` is; absent otherwise. */
  readonly signer?: Signer;

  /** Releases sockets and descriptors; calls after it reject with `failed_precondition`. */
  close(): Promise<void>;
}

/** What a store can do. The suite asserts both sides: present works, absent rejects with `unimplemented`. */
export interface Capabilities {
  readonly ifAbsent: boolean;
  readonly ifMatch: boolean;
  readonly sign: boolean;
  /** The store keeps user metadata, content type and MD5 with the object; without it `contentType` is not kept. */
  readonly metadata: boolean;
  /**
   * Any string is a key. Without it keys with empty, `.` or `..` segments or a trailing slash reject with
   * `invalid_argument`, and one key cannot be both an object and the folder of another (`failed_precondition`).
   */
  readonly flatKeys: boolean;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface GetOptions extends CallOptions {
  /** First byte, and how many bytes from there; `length` absent means to the end. */
  readonly range?: { readonly offset: number; readonly length?: number };
  /** Reads only this version (an `ObjectInfo.etag`); another one there rejects with `aborted`. */
  readonly ifMatch?: string;
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
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface ReadResult {
  readonly info: ObjectInfo;
  /** Chunks are valid until the next one is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface PutResult {
  readonly etag: string;
  readonly size: number;
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
