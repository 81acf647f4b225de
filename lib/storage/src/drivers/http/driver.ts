import { type Clock, DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../../abortable.ts";
import type { CallOptions, Driver, GetOptions, ObjectInfo, PutResult, ReadResult } from "../../driver.ts";
import type { WireClient, WireResponse } from "../../wire/exchange.ts";
import type { HttpConfig } from "./config.ts";
import { httpError } from "./errors.ts";
import { follow } from "./follow.ts";
import { openBody } from "./open-body.ts";
import { contentRange, sizeOfUnsatisfied, webInfo } from "./web-info.ts";

export interface HttpDeps {
  readonly clock: Clock;
  /** The driver owns it and closes it. */
  readonly wire: WireClient;
}

/**
 * Reads what a web server gives; a key is a path with its query, as it goes over the wire, without the leading slash (see
 * `parseWebAddress`). Bodies come as the server keeps them: a content encoding is not undone. `size` is `Infinity` where
 * the server does not tell it; there the end of a body is the end of the connection or of its chunks. All that writes
 * rejects with `unimplemented`.
 */
export function openHttpDriver(config: HttpConfig, deps: HttpDeps): Driver {
  return new HttpDriver(config, deps);
}

/** Bodies as they are kept: a length of what was packed for the way would be that of other bytes. */
const asKept = { "accept-encoding": "identity" };

class HttpDriver implements Driver {
  readonly scheme = "http";
  readonly capabilities: Driver["capabilities"] = {
    ifAbsent: false,
    ifMatch: true,
    sign: false,
    multipart: false,
    metadata: false,
    flatKeys: true,
  };
  readonly #config: HttpConfig;
  readonly #deps: HttpDeps;
  #closed = false;

  constructor(config: HttpConfig, deps: HttpDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  async head(key: string, { signal }: CallOptions = {}): Promise<ObjectInfo> {
    const response = await this.#send("HEAD", key, {}, signal);
    await response.discard();
    // A link that is signed for GET alone, or a server that never heard of HEAD, answers a GET of one byte.
    if ([400, 403, 405, 501].includes(response.status)) return await this.#headByGet(key, signal);
    if (response.status !== 200) throw this.#error(response);
    return webInfo(key, response.headers, decimal(response.headers.get("content-length")));
  }

  async get(key: string, options: GetOptions = {}): Promise<ReadResult> {
    const { ifMatch, signal } = options;
    const range = options.range ?? { offset: 0 };
    const ranged = range.offset > 0 || range.length !== undefined;
    // A range of no bytes has no form of its own: one byte is asked for and none is given on.
    const last = range.length === undefined ? undefined : range.offset + Math.max(range.length, 1) - 1;
    const open = last === undefined || !Number.isSafeInteger(last);
    const headers = ranged ? { range: `bytes=${range.offset}-${open ? "" : last}` } : {};
    const response = await this.#send("GET", key, headers, signal);
    try {
      throwIfAborted(signal);
      if (response.status === 416 && ranged) return await this.#pastEnd(key, response, options);
      if (response.status !== 200 && !(response.status === 206 && ranged)) throw this.#error(response);
      const read = openBody(key, response, range, signal);
      checkVersion(read.info, ifMatch);
      return read;
    } catch (error) {
      await response.discard();
      throw error;
    }
  }

  async put(): Promise<PutResult> {
    return await this.#readOnly();
  }

  list(): AsyncIterable<ObjectInfo> {
    return { [Symbol.asyncIterator]: () => ({ next: () => this.#readOnly() }) };
  }

  async delete(): Promise<void> {
    await this.#readOnly();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#deps.wire.close();
  }

  async #headByGet(key: string, signal: AbortSignal | undefined): Promise<ObjectInfo> {
    const response = await this.#send("GET", key, { range: "bytes=0-0" }, signal);
    await response.discard();
    const { status, headers } = response;
    if (status === 200) return webInfo(key, headers, response.length);
    if (status === 206) return webInfo(key, headers, contentRange(headers).size);
    if (status === 416) return webInfo(key, headers, sizeOfUnsatisfied(headers) ?? 0);
    throw this.#error(response);
  }

  async #pastEnd(key: string, response: WireResponse, { ifMatch, signal }: GetOptions): Promise<ReadResult> {
    await response.discard();
    const info = await this.head(key, signal === undefined ? {} : { signal });
    checkVersion(info, ifMatch);
    return { info, body: noChunks(signal), toFile: () => Promise.resolve(0) };
  }

  async #send(
    method: "GET" | "HEAD",
    key: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<WireResponse> {
    this.#checkOpen();
    throwIfAborted(signal);
    return await follow(this.#config, this.#deps.wire, { method, key, headers: { ...asKept, ...headers }, signal });
  }

  #error({ status, headers }: WireResponse): DataPlaneError {
    return httpError(status, headers, this.#deps.clock.now());
  }

  async #readOnly(): Promise<never> {
    this.#checkOpen();
    return await Promise.reject(new DataPlaneError("unimplemented", "a web server is only read"));
  }

  #checkOpen(): void {
    if (this.#closed) throw new DataPlaneError("failed_precondition", "the store is closed");
  }
}

/** By comparison: servers that know no condition, or change between strong and weak versions, ignore the header for it. */
function checkVersion({ etag }: ObjectInfo, ifMatch: string | undefined): void {
  if (ifMatch === undefined) return;
  if (etag === "") throw new DataPlaneError("aborted", "the server names no version: what is there may be another one");
  if (etag !== ifMatch) throw new DataPlaneError("aborted", `the object was replaced: version ${ifMatch} is gone`);
}

async function* noChunks(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  throwIfAborted(signal);
  yield* await Promise.resolve([]);
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
