import type { FileTarget, Source } from "../driver.ts";

/** What all exchanges of one client share. */
export interface WireOptions {
  /**
   * How `toFile` and uploads of file slices touch the disk. `sync` costs the least and stops everything else in the
   * process meanwhile: for a program that does nothing but move files. `async` keeps the event loop free.
   */
  readonly writes: "sync" | "async";
  readonly proxy?: ProxyOptions;
  /** PEM of authorities that are trusted besides the runtime's and the system's own. */
  readonly ca?: string;
  /** Name lookup, connection, tunnel and TLS handshake together. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** From the last byte of the request to the last byte of the response's head. Default 60,000. */
  readonly firstByteTimeoutMs?: number;
  /** The same for requests with `answersLate`. Default `firstByteTimeoutMs` where that is given, else 600,000. */
  readonly lateAnswerTimeoutMs?: number;
  /** Without one byte of progress, either way, while somebody waits for it. Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** Further requests wait, in order. Default 64. */
  readonly maxConnectionsPerOrigin?: number;
}

/** Values of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`: URLs with `http:` or `https:`, and a comma-separated list. */
export interface ProxyOptions {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  readonly no?: string | undefined;
}

/**
 * Moves bytes over HTTP/1.1, and retries nothing but a request that fell on a connection the server was just closing.
 * Rejections are `DataPlaneError`s that name host and port, never a path, query or header:
 * `unavailable` when the peer cannot be reached, is silent, hangs up early, answers what is not HTTP, or with a success before
 * it can have the whole body;
 * `failed_precondition` when its certificate is not trusted; `resource_exhausted` when the disk is full;
 * `data_loss` when the request's own body is not as long as announced; `invalid_argument` for requests that cannot be
 * written; `canceled` once the signal aborts.
 */
export interface WireClient {
  /**
   * Resolves once the head of the final response is there, or, where the request's taker takes the body, its last byte; any
   * status is an answer.
   */
  send(request: WireRequest): Promise<WireResponse>;
  /** Closes idle connections at once, the others as their exchange ends; later requests reject with `failed_precondition`. */
  close(): Promise<void>;
}

export interface WireRequest {
  readonly method: string;
  /** `https://host:port`, nothing behind it. */
  readonly origin: string;
  /** Path and query as they go over the wire, byte for byte. */
  readonly target: string;
  /** The client adds `host` and `content-length` unless they are here, and `transfer-encoding`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Source | undefined;
  /** Bytes in an iterable body; absent, it goes out in chunks. */
  readonly length?: number;
  /** Ends the exchange at any stage, the reading of the response included. */
  readonly signal?: AbortSignal | undefined;
  /** The server works long before it answers, and has `lateAnswerTimeoutMs` for that. Default false. */
  readonly answersLate?: boolean | undefined;
  /** Is offered the body of a final response; see `BodyTaker`. */
  readonly taker?: BodyTaker | undefined;
}

/**
 * Takes a body within the calls that bring it, for programs that block at each write: a small one then costs no memory and
 * no promise of its own. What it throws closes the connection and is what `send` rejects with.
 */
export interface BodyTaker {
  /** `length` is what the head announced. False leaves the body to whoever sent the request. */
  begin(status: number, headers: ReadonlyMap<string, string>, length: number | undefined): boolean;
  /** `bytes` stay as they are during the call only. */
  chunk(bytes: Uint8Array): void;
  /** All of the body came, by its framing. */
  end(): void;
}

/**
 * Exactly one of `body`, `toFile`, `bytes` and `discard` is used, and once: until then the connection stays taken.
 * All of them reject with `unavailable` when the body breaks off, and close the connection then.
 */
export interface WireResponse {
  readonly status: number;
  /** Names in lower case; the values of a repeated name joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of body that the head announced. */
  readonly length: number | undefined;
  /** The request's taker has had the whole body; none of the four ways below is left. */
  readonly taken?: boolean;
  /** A chunk is valid until the next one is asked for. Leaving the loop early frees the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Writes the body into a file; resolves to its length. What arrived before a failure has been written. */
  toFile(target: FileTarget): Promise<number>;
  /** The whole body; rejects with `resource_exhausted` if it has more than `maxBytes`. */
  bytes(maxBytes: number): Promise<Uint8Array>;
  /** Reads a small rest, so that the connection can serve again, or closes it. Never rejects. */
  discard(): Promise<void>;
}
