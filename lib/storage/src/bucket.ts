import { createHash } from "node:crypto";
import { DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "./abortable.ts";
import { checkDigest, checkKey, checkPrefix, checkRange } from "./bucket-arguments.ts";
import type {
  CallOptions,
  Capabilities,
  Driver,
  FileTarget,
  GetOptions,
  ListOptions,
  Multipart,
  ObjectInfo,
  PutOptions,
  PutResult,
  ReadResult,
  SignedRequest,
  SignGetOptions,
  SignPutOptions,
  Source,
} from "./driver.ts";
import { readBody } from "./read-body.ts";

export interface ReadOptions extends CallOptions {
  /** Most bytes to accept; a larger object rejects with `resource_exhausted` before it is read. */
  readonly maxBytes: number;
}

/**
 * What callers hold: a driver with its arguments checked, bodies measured and errors named. Each method keeps the
 * promise of its namesake on `Driver`; malformed arguments reject with `invalid_argument`. Messages read
 * `<operation> <uri>: <what is wrong>`, and `ref` is the URI.
 */
export class Bucket {
  readonly #driver: Driver;
  readonly #uriOf: (key: string) => string;

  /** `uriOf` prints the URI under which people know a key. Whoever opened `driver` closes it. */
  constructor(driver: Driver, uriOf: (key: string) => string) {
    this.#driver = driver;
    this.#uriOf = uriOf;
  }

  get capabilities(): Capabilities {
    return this.#driver.capabilities;
  }

  uri(key: string): string {
    return this.#uriOf(key);
  }

  async head(key: string, options: CallOptions = {}): Promise<ObjectInfo> {
    return await this.#call("head", key, options.signal, () => this.#driver.head(key, options));
  }

  /** As `head`, with `undefined` in place of `not_found`. */
  async find(key: string, options: CallOptions = {}): Promise<ObjectInfo | undefined> {
    try {
      return await this.head(key, options);
    } catch (error) {
      if (error instanceof DataPlaneError && error.code === "not_found") return undefined;
      throw error;
    }
  }

  async get(key: string, options: GetOptions = {}): Promise<ReadResult> {
    try {
      checkKey(key);
      throwIfAborted(options.signal);
      checkRange(options.range);
      const read = await this.#driver.get(key, options);
      return read.taken === true ? read : this.#watched(key, read, options);
    } catch (error) {
      throw this.#name("get", key, error);
    }
  }

  /** The whole object in memory; for documents, never for user data. */
  async read(key: string, options: ReadOptions): Promise<Uint8Array> {
    const { info, body } = await this.get(key, options);
    return await this.#named("get", key, () => readBody(info, body, options.maxBytes));
  }

  async put(key: string, body: Source, options: PutOptions = {}): Promise<PutResult> {
    return await this.#call("put", key, options.signal, () => {
      checkDigest(options);
      return this.#driver.put(key, body, options);
    });
  }

  /** Stores bytes already in memory, with their length announced. */
  async write(key: string, bytes: Uint8Array, options: Omit<PutOptions, "length"> = {}): Promise<PutResult> {
    return await this.put(key, bytes, { ...options, length: bytes.byteLength });
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo, void, undefined> {
    try {
      checkPrefix(prefix);
      throwIfAborted(options.signal);
      yield* this.#driver.list(prefix, options);
    } catch (error) {
      throw this.#name("list", prefix, error);
    }
  }

  /** As `list`, several at a time. */
  async *pages(prefix: string, options: ListOptions = {}): AsyncGenerator<readonly ObjectInfo[], void, undefined> {
    if (this.#driver.pages === undefined) {
      for await (const info of this.list(prefix, options)) yield [info];
      return;
    }
    try {
      checkPrefix(prefix);
      throwIfAborted(options.signal);
      yield* this.#driver.pages(prefix, options);
    } catch (error) {
      throw this.#name("list", prefix, error);
    }
  }

  async delete(key: string, options: CallOptions = {}): Promise<void> {
    await this.#call("delete", key, options.signal, () => this.#driver.delete(key, options));
  }

  /** MD5 of the object: as the store knows it, else by reading the whole object. 16 bytes. */
  async contentMd5(key: string, options: CallOptions = {}): Promise<Uint8Array> {
    const known = (await this.head(key, options)).contentMd5;
    if (known !== undefined) return known;
    const hash = createHash("md5");
    const { body } = await this.get(key, options);
    for await (const chunk of body) hash.update(chunk);
    return hash.digest();
  }

  /** Rejects with `unimplemented` where `capabilities.sign` is absent. */
  async signGet(key: string, options: SignGetOptions): Promise<SignedRequest> {
    return await this.#call("sign get", key, options.signal, () => this.#signer().signGet(key, options));
  }

  /** Rejects with `unimplemented` where `capabilities.sign` is absent. */
  async signPut(key: string, options: SignPutOptions): Promise<SignedRequest> {
    return await this.#call("sign put", key, options.signal, () => {
      checkDigest({ contentMd5: options.contentMd5, length: options.contentLength });
      return this.#signer().signPut(key, options);
    });
  }

  /** Uploads in parts, with the driver's promises; absent where `capabilities.multipart` is. */
  get multipart(): Multipart | undefined {
    const { multipart } = this.#driver;
    if (multipart === undefined) return undefined;
    return {
      limits: multipart.limits,
      create: (key, options) => this.#call("create upload", key, options?.signal, () => multipart.create(key, options)),
      putPart: (upload, number, body, options) =>
        this.#call(`put part ${number}`, upload.key, options?.signal, () =>
          multipart.putPart(upload, number, body, options),
        ),
      complete: (upload, parts, options) =>
        this.#call("complete upload", upload.key, options?.signal, () => multipart.complete(upload, parts, options)),
      abort: (upload, options) =>
        this.#call("abort upload", upload.key, options?.signal, () => multipart.abort(upload, options)),
    };
  }

  #signer(): NonNullable<Driver["signer"]> {
    if (this.#driver.signer !== undefined) return this.#driver.signer;
    throw new DataPlaneError("unimplemented", `the "${this.#driver.scheme}" store signs no links`);
  }

  #watched(key: string, { info, body, toFile }: ReadResult, options: GetOptions): ReadResult {
    const expected = expectedBytes(info, options);
    return {
      info,
      body: this.#measured(key, body, expected),
      ...(toFile !== undefined && {
        toFile: (target: FileTarget) => this.#named("get", key, async () => measured(await toFile(target), expected)),
      }),
    };
  }

  async *#measured(
    key: string,
    body: AsyncIterable<Uint8Array>,
    expected: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let received = 0;
    try {
      for await (const chunk of body) {
        received += chunk.byteLength;
        if (received > expected) break;
        yield chunk;
      }
      measured(received, expected);
    } catch (error) {
      throw this.#name("get", key, error);
    }
  }

  #call<T>(operation: string, key: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    return this.#named(operation, key, () => {
      checkKey(key);
      throwIfAborted(signal);
      return run();
    });
  }

  async #named<T>(operation: string, key: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw this.#name(operation, key, error);
    }
  }

  /** Adds operation and reference, once; anything that is not ours is a fault of the driver. */
  #name(operation: string, key: string, error: unknown): DataPlaneError {
    if (error instanceof DataPlaneError && error.ref !== undefined) return error;
    const ref = this.#uriOf(key);
    const ours = error instanceof DataPlaneError;
    const what = ours ? error.message : `unexpected failure: ${error instanceof Error ? error.message : String(error)}`;
    return new DataPlaneError(ours ? error.code : "internal", `${operation} ${ref}: ${what}`, {
      origin: ours ? error.origin : "system",
      ref,
      cause: ours ? (error.cause ?? error) : error,
    });
  }
}

function expectedBytes(info: ObjectInfo, { range }: GetOptions): number {
  const offset = Math.min(range?.offset ?? 0, info.size);
  return Math.min(range?.length ?? info.size, info.size - offset);
}

function measured(received: number, expected: number): number {
  if (received === expected) return received;
  throw new DataPlaneError(
    "data_loss",
    `received ${received > expected ? "more than" : received} of ${expected} bytes`,
  );
}
