import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Multipart, PutOptions, PutResult, Source, Upload, UploadedPart } from "../../driver.ts";
import { memoryErrors } from "./errors.ts";

/** What the parts need of the store: its check of each call, its reader of bodies and its way to keep an object. */
export interface PartStore {
  check(signal: AbortSignal | undefined): void;
  collect(body: Source, options: PutOptions): Promise<Uint8Array>;
  keep(key: string, bytes: Uint8Array, options: PutOptions, etag: string): PutResult;
}

interface OpenUpload {
  readonly options: PutOptions;
  readonly parts: Map<number, { readonly etag: string; readonly bytes: Uint8Array }>;
}

/** Keeps parts as the object stores do: hidden until they are complete, small minimum included. */
export class MemoryMultipart implements Multipart {
  readonly limits: Multipart["limits"] = { minPartBytes: 64 * 1024, maxPartBytes: 64 * 1024 * 1024, maxParts: 10_000 };
  readonly #uploads = new Map<string, OpenUpload>();
  readonly #store: PartStore;
  #made = 0;

  constructor(store: PartStore) {
    this.#store = store;
  }

  /** Uploads that were neither completed nor aborted. */
  get open(): number {
    return this.#uploads.size;
  }

  async create(key: string, { signal, ...options }: PutOptions = {}): Promise<Upload> {
    this.#store.check(signal);
    this.#made += 1;
    const id = `${key}:${this.#made}`;
    this.#uploads.set(id, { options, parts: new Map() });
    return await Promise.resolve({ key, id });
  }

  async putPart(
    upload: Upload,
    number: number,
    body: Source,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<UploadedPart> {
    this.#store.check(signal);
    this.#find(upload);
    const { minPartBytes: _min, maxPartBytes, maxParts } = this.limits;
    if (!Number.isInteger(number) || number < 1 || number > maxParts) throw memoryErrors.noPartNumber(number, maxParts);
    const bytes = await this.#store.collect(body, signal === undefined ? {} : { signal });
    if (bytes.byteLength > maxPartBytes) throw memoryErrors.partTooLarge(bytes.byteLength, maxPartBytes);
    const etag = createHash("md5").update(bytes).digest("hex");
    // The upload may have been aborted while the body arrived.
    this.#find(upload).parts.set(number, { etag, bytes });
    return { number, size: bytes.byteLength, etag };
  }

  async complete(
    upload: Upload,
    parts: readonly UploadedPart[],
    { signal, ifAbsent }: { readonly signal?: AbortSignal; readonly ifAbsent?: boolean } = {},
  ): Promise<PutResult> {
    this.#store.check(signal);
    const { options, parts: stored } = this.#find(upload);
    const chunks = parts.map(({ number, etag }, index) => {
      const part = stored.get(number);
      if (part?.etag !== etag) throw memoryErrors.noSuchPart(number);
      if (number <= (parts[index - 1]?.number ?? 0)) throw memoryErrors.partOrder();
      const isLast = index === parts.length - 1;
      if (!isLast && part.bytes.byteLength < this.limits.minPartBytes) {
        throw memoryErrors.partTooSmall(number, this.limits.minPartBytes);
      }
      return part.bytes;
    });
    if (chunks.length === 0) throw memoryErrors.noParts();
    const kept = { ...options, ...(ifAbsent !== undefined && { ifAbsent }) };
    const result = this.#store.keep(upload.key, Buffer.concat(chunks), kept, etagOf(parts));
    this.#uploads.delete(upload.id);
    return await Promise.resolve(result);
  }

  async abort(upload: Upload, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#store.check(signal);
    await Promise.resolve(this.#uploads.delete(upload.id));
  }

  #find(upload: Upload): OpenUpload {
    const found = this.#uploads.get(upload.id);
    if (found === undefined) throw memoryErrors.noUpload();
    return found;
  }
}

/** As S3 makes it, so that whoever knows the parts knows the object. */
function etagOf(parts: readonly UploadedPart[]): string {
  const hash = createHash("md5");
  for (const { etag } of parts) hash.update(etag, "hex");
  return `${hash.digest("hex")}-${parts.length}`;
}
