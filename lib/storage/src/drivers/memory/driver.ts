import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type Clock, compareUtf8 } from "@flyte-dataplane/core";
import { abortable, throwIfAborted } from "../../abortable.ts";
import { crc32Of, crcBytes } from "../../crc.ts";
import type {
  CallOptions,
  Driver,
  FileTarget,
  GetOptions,
  ListOptions,
  ObjectInfo,
  PutOptions,
  PutResult,
  ReadResult,
  Source,
} from "../../driver.ts";
import { writeBody } from "../../file-target.ts";
import { chunksOf } from "../../source.ts";
import type { MemoryConfig } from "./config.ts";
import { memoryErrors } from "./errors.ts";
import { MemoryMultipart } from "./multipart.ts";

interface StoredObject {
  readonly info: ObjectInfo;
  readonly bytes: Uint8Array;
}

/** Keeps objects in this process, for tests and for trying things out; all are gone with the driver. */
export function openMemoryDriver(config: MemoryConfig): MemoryDriver {
  return new MemoryStore(config.clock);
}

export interface MemoryDriver extends Driver {
  /** Uploads that were neither completed nor aborted. */
  readonly openUploads: number;
}

class MemoryStore implements MemoryDriver {
  readonly scheme = "mem";
  readonly capabilities: Driver["capabilities"] = {
    ifAbsent: true,
    ifMatch: true,
    sign: false,
    multipart: true,
    metadata: true,
    flatKeys: true,
  };
  readonly multipart: MemoryMultipart;
  readonly #objects = new Map<string, StoredObject>();
  readonly #clock: Clock;
  #writes = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.multipart = new MemoryMultipart({
      check: (signal) => this.#check(signal),
      collect: (body, options) => collect(chunksOf(body), options),
      keep: (key, bytes, options, etag) => this.#keep(key, bytes, options, etag),
    });
  }

  get openUploads(): number {
    return this.multipart.open;
  }

  async head(key: string, options: CallOptions = {}): Promise<ObjectInfo> {
    return await Promise.resolve(this.#find(key, options).info);
  }

  async get(key: string, options: GetOptions = {}): Promise<ReadResult> {
    const { info, bytes } = this.#find(key, options);
    if (options.ifMatch !== undefined && options.ifMatch !== info.etag) throw memoryErrors.replaced(options.ifMatch);
    const start = Math.min(options.range?.offset ?? 0, info.size);
    const part = bytes.subarray(start, Math.min(start + (options.range?.length ?? info.size), info.size));
    return await Promise.resolve({
      info,
      body: abortable(slices(part), options.signal),
      // One copy less than iterating: the store's own bytes go to the file.
      toFile: (target: FileTarget) => writeBody(abortable(views(part), options.signal), target),
    });
  }

  async put(key: string, body: Source, options: PutOptions = {}): Promise<PutResult> {
    this.#check(options.signal);
    const bytes = await collect(chunksOf(body), options);
    if (options.length !== undefined && bytes.byteLength !== options.length) {
      throw memoryErrors.otherLength(bytes.byteLength, options.length);
    }
    this.#check(options.signal);
    return this.#keep(key, bytes, options);
  }

  #keep(key: string, bytes: Uint8Array, options: PutOptions, etag?: string): PutResult {
    const contentMd5 = createHash("md5").update(bytes).digest();
    if (options.contentMd5 !== undefined && !contentMd5.equals(options.contentMd5)) throw memoryErrors.otherMd5();
    if (options.ifAbsent === true && this.#objects.has(key)) throw memoryErrors.taken();
    this.#writes += 1;
    const info: ObjectInfo = {
      key,
      size: bytes.byteLength,
      etag: etag ?? this.#writes.toString(),
      modifiedAt: this.#clock.now(),
      contentMd5,
      checksums: { crc32: crcBytes(crc32Of(bytes)) },
      ...(options.contentType !== undefined && { contentType: options.contentType }),
      ...(options.metadata !== undefined && { metadata: { ...options.metadata } }),
    };
    this.#objects.set(key, { info, bytes });
    return { etag: info.etag, size: info.size };
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo, void, undefined> {
    this.#check(options.signal);
    const { startAfter, limit = Number.POSITIVE_INFINITY } = options;
    const keys = [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix) && (startAfter === undefined || compareUtf8(key, startAfter) > 0))
      .sort(compareUtf8);
    let listed = 0;
    for (const key of keys) {
      if (listed >= limit) return;
      this.#check(options.signal);
      const object = this.#objects.get(key);
      // Deleted since the iteration began.
      if (object === undefined) continue;
      listed += 1;
      yield await Promise.resolve(object.info);
    }
  }

  async delete(key: string, options: CallOptions = {}): Promise<void> {
    this.#check(options.signal);
    await Promise.resolve(this.#objects.delete(key));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.resolve(this.#objects.clear());
  }

  #find(key: string, options: CallOptions): StoredObject {
    this.#check(options.signal);
    const object = this.#objects.get(key);
    if (object === undefined) throw memoryErrors.absent();
    return object;
  }

  #check(signal: AbortSignal | undefined): void {
    if (this.#closed) throw memoryErrors.closed();
    throwIfAborted(signal);
  }
}

/** Copies each chunk: a producer may reuse its buffer. */
async function collect(body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of abortable(body, options.signal)) {
    size += chunk.byteLength;
    if (options.length !== undefined && size > options.length) throw memoryErrors.otherLength(size, options.length);
    chunks.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(chunks, size);
}

const sliceBytes = 256 * 1024;

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  // A copy, since the reader may change what it was given; the slice of a Buffer would be none.
  for await (const view of views(bytes)) yield new Uint8Array(view);
}

async function* views(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let from = 0; from < bytes.byteLength; from += sliceBytes) {
    yield await Promise.resolve(bytes.subarray(from, from + sliceBytes));
  }
}
