import { stat, unlink } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../../abortable.ts";
import type {
  Driver,
  GetOptions,
  ListOptions,
  ObjectInfo,
  PutOptions,
  PutResult,
  ReadResult,
  Signer,
  Source,
} from "../../driver.ts";
import { chunksOf, lengthOf } from "../../source.ts";
import type { FileConfig } from "./config.ts";
import { fileError, systemCode } from "./errors.ts";
import { listFiles } from "./list.ts";
import { objectInfo } from "./object-info.ts";
import { checkInside, pathOfKey } from "./paths.ts";
import { readFile } from "./read.ts";
import { fileSigner } from "./sign.ts";
import { writeFile } from "./write.ts";

/** Keeps each object as a plain file below `config.root`, so that tasks on the same machine read and write it directly. */
export function openFileDriver(config: FileConfig): Driver {
  if (!path.isAbsolute(config.root)) {
    throw new DataPlaneError(
      "invalid_argument",
      `open file store "${config.root}": the folder must be an absolute path`,
    );
  }
  return new FileDriver(config);
}

class FileDriver implements Driver {
  readonly scheme = "file";
  readonly capabilities: Driver["capabilities"];
  readonly signer?: Signer;
  readonly #root: string;
  readonly #synced: boolean;
  #closed = false;

  constructor(config: FileConfig) {
    this.#root = path.resolve(config.root);
    this.#synced = config.durability !== "fast";
    this.capabilities = {
      ifAbsent: true,
      ifMatch: true,
      sign: config.signing !== undefined,
      multipart: false,
      metadata: false,
      flatKeys: false,
    };
    if (config.signing !== undefined) this.signer = fileSigner(config.signing, (key) => this.#path(key));
  }

  async head(key: string, options: { readonly signal?: AbortSignal } = {}): Promise<ObjectInfo> {
    const file = await this.#locate(key, options.signal);
    try {
      const stats = await stat(file, { bigint: true });
      if (stats.isFile()) return objectInfo(key, stats);
    } catch (error) {
      throw fileError(error);
    }
    throw new DataPlaneError("not_found", "it is no regular file");
  }

  async get(key: string, options: GetOptions = {}): Promise<ReadResult> {
    return await readFile(key, await this.#locate(key, options.signal), options);
  }

  async put(key: string, body: Source, options: PutOptions = {}): Promise<PutResult> {
    if (options.metadata !== undefined) {
      throw new DataPlaneError("unimplemented", "the file store keeps no metadata with an object");
    }
    const length = options.length ?? lengthOf(body);
    const known = length === undefined ? options : { ...options, length };
    return await writeFile(await this.#locate(key, options.signal), chunksOf(body), known, this.#synced);
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo, void, undefined> {
    this.#checkOpen();
    throwIfAborted(options.signal);
    yield* listFiles(this.#root, prefix, options);
  }

  async delete(key: string, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const file = await this.#locate(key, options.signal);
    try {
      await unlink(file);
    } catch (error) {
      // Linux says EISDIR for a folder, macOS EPERM: a folder is no object, so there is nothing to remove.
      if (["ENOENT", "ENOTDIR", "EISDIR"].includes(systemCode(error)) || (await isFolder(file))) return;
      throw fileError(error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** The file of `key`, in a store that is open and inside its folder. */
  async #locate(key: string, signal: AbortSignal | undefined): Promise<string> {
    this.#checkOpen();
    throwIfAborted(signal);
    const file = this.#path(key);
    await checkInside(this.#root, file);
    return file;
  }

  #path(key: string): string {
    return pathOfKey(this.#root, key);
  }

  #checkOpen(): void {
    if (this.#closed) throw new DataPlaneError("failed_precondition", "the store is closed");
  }
}

async function isFolder(file: string): Promise<boolean> {
  return await stat(file).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
