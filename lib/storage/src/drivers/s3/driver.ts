import { DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../../abortable.ts";
import type {
  CallOptions,
  Driver,
  GetOptions,
  ListOptions,
  Multipart,
  ObjectInfo,
  PutOptions,
  PutResult,
  ReadResult,
  Signer,
  Source,
} from "../../driver.ts";
import { chunksOf, isFileSlice, lengthOf } from "../../source.ts";
import { StoreAnswer } from "../../store-answer.ts";
import { locate } from "./address.ts";
import type { S3Config } from "./config.ts";
import { isTreeKey } from "./keys.ts";
import { listObjects, listPages } from "./list.ts";
import { s3Multipart } from "./multipart.ts";
import { encryptionHeaders, maxPutBytes, putWhole } from "./put.ts";
import { putStream } from "./put-stream.ts";
import { getObject, headObject } from "./read.ts";
import { type S3Deps, S3Requests } from "./requests.ts";
import { s3Signer } from "./signer.ts";

/**
 * Keeps objects in one bucket of S3 or of a store that speaks as S3 does. Nothing is retried here but a request that a
 * wrong region or clock made fail, once. The driver owns `deps.wire` and closes it. Throws `invalid_argument` for a
 * malformed endpoint.
 */
export function openS3Driver(config: S3Config, deps: S3Deps): Driver {
  return new S3Driver(config, deps);
}

class S3Driver implements Driver {
  readonly scheme = "s3";
  readonly capabilities: Driver["capabilities"];
  readonly signer: Signer;
  readonly multipart: Multipart;
  readonly #requests: S3Requests;
  readonly #deps: S3Deps;
  readonly #uploads: Multipart;
  #closed = false;

  constructor(config: S3Config, deps: S3Deps) {
    const requests = new S3Requests(config, deps);
    this.#requests = requests;
    this.#deps = deps;
    this.#uploads = s3Multipart(requests);
    this.multipart = this.#guarded(this.#uploads);
    this.signer = this.#checked(
      s3Signer({
        credentials: deps.credentials,
        now: () => requests.now(),
        region: async ({ signal }) => await requests.settledRegion(signal),
        locate: (key, endpoint) => locate(requests.address(endpoint), key),
        putHeaders: encryptionHeaders(config),
        ...(config.requesterPays === true && { query: { "x-amz-request-payer": "requester" } }),
      }),
    );
    this.capabilities = {
      ifAbsent: config.conditionalWrites !== "none",
      ifMatch: true,
      sign: true,
      multipart: true,
      metadata: true,
      flatKeys: config.flatKeys !== false,
    };
  }

  async head(key: string, options: CallOptions = {}): Promise<ObjectInfo> {
    this.#check(key, options);
    return await headObject(this.#requests, key, options);
  }

  async get(key: string, options: GetOptions = {}): Promise<ReadResult> {
    this.#check(key, options);
    return await getObject(this.#requests, key, options);
  }

  async put(key: string, body: Source, options: PutOptions = {}): Promise<PutResult> {
    this.#check(key, options);
    this.#checkCondition(options);
    const length = lengthOf(body);
    if (length !== undefined && options.length !== undefined && length !== options.length) {
      throw new DataPlaneError("data_loss", `the body has ${length} bytes, ${options.length} were announced`);
    }
    const again = body instanceof Uint8Array || isFileSlice(body);
    if (again && (length ?? 0) <= maxPutBytes) return await putWhole(this.#requests, key, body, options);
    return await putStream(this.#requests, this.#uploads, key, chunksOf(body), options);
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo, void, undefined> {
    this.#checkOpen(options);
    yield* listObjects(this.#requests, prefix, options);
  }

  async *pages(prefix: string, options: ListOptions = {}): AsyncGenerator<readonly ObjectInfo[], void, undefined> {
    this.#checkOpen(options);
    yield* listPages(this.#requests, prefix, options);
  }

  async delete(key: string, options: CallOptions = {}): Promise<void> {
    this.#check(key, options);
    try {
      const response = await this.#requests.send({ method: "DELETE", key, signal: options.signal });
      await response.discard();
      // No store answers so; a portal before it does, and what it was asked for did not happen.
      if (response.headers.get("content-type")?.startsWith("text/html") === true) {
        throw new DataPlaneError("failed_precondition", "the answer is a web page; is the endpoint an S3 API?");
      }
    } catch (error) {
      const cause = error instanceof DataPlaneError ? error.cause : undefined;
      if (cause instanceof StoreAnswer && cause.status === 404 && cause.code === "NoSuchKey") return;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#deps.wire.close();
  }

  #guarded(uploads: Multipart): Multipart {
    return {
      limits: uploads.limits,
      create: async (key, options = {}) => {
        this.#check(key, options);
        return await uploads.create(key, options);
      },
      putPart: async (upload, number, body, options = {}) => {
        this.#checkOpen(options);
        return await uploads.putPart(upload, number, body, options);
      },
      complete: async (upload, parts, options = {}) => {
        this.#checkOpen(options);
        this.#checkCondition(options);
        if (options.ifAbsent === true && this.#requests.config.conditionalWrites === "single") {
          throw new DataPlaneError("unimplemented", "the store heeds no condition when it joins parts");
        }
        return await uploads.complete(upload, parts, options);
      },
      abort: async (upload, options = {}) => {
        this.#checkOpen(options);
        await uploads.abort(upload, options);
      },
    };
  }

  #checked(signer: Signer): Signer {
    return {
      signGet: async (key, options) => {
        this.#check(key, options);
        return await signer.signGet(key, options);
      },
      signPut: async (key, options) => {
        this.#check(key, options);
        return await signer.signPut(key, options);
      },
    };
  }

  #check(key: string, options: CallOptions): void {
    this.#checkOpen(options);
    if (this.capabilities.flatKeys || isTreeKey(key)) return;
    throw new DataPlaneError("invalid_argument", 'the store has no keys with empty, "." or ".." segments');
  }

  #checkOpen({ signal }: CallOptions): void {
    if (this.#closed) throw new DataPlaneError("failed_precondition", "the store is closed");
    throwIfAborted(signal);
  }

  #checkCondition({ ifAbsent }: Pick<PutOptions, "ifAbsent">): void {
    if (ifAbsent !== true || this.capabilities.ifAbsent) return;
    throw new DataPlaneError("unimplemented", "the store heeds no condition on writes");
  }
}
