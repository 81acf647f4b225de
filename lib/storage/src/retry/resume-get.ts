import { DataPlaneError } from "@flyte-dataplane/core";
import { type BodyCheck, bodyCheck } from "../crc.ts";
import type { BodySink, Driver, FileTarget, GetOptions, ObjectInfo, ReadResult } from "../driver.ts";
import { releaseBody } from "../read-body.ts";
import type { Retrier, Tries } from "./retrier.ts";

/** An attempt that brought so many bytes counts as a success. Less would let a line of one byte per attempt go on for ever. */
const progressBytes = 1024 * 1024;

/**
 * `first` with a body that goes on where it broke off: what is left is asked for again, and only of the version that
 * `first` described. Rejects with `aborted` where that version is gone, so that no two versions are ever mixed. The whole
 * is held to its length and checksum here: no driver sees more than one stretch of a body that broke off. `first` was
 * opened with `openedFor(options)`.
 */
export async function resumable(
  driver: Driver,
  key: string,
  options: GetOptions,
  first: ReadResult,
  retrier: Retrier,
): Promise<ReadResult> {
  const wanted = options.unverified === true || !isWhole(options) ? undefined : first.info.checksums;
  const check = wanted === undefined ? undefined : await bodyCheck(wanted);
  const source = new Remainder(driver, key, options, first, retrier, check);
  const { toFile } = first;
  return {
    info: first.info,
    body: source.chunks(first),
    ...(toFile !== undefined && { toFile: (target: FileTarget) => source.toFile(toFile, target) }),
  };
}

/**
 * Gives `sink` the rest of an object that `failure` broke off, as `resumable` does. Rejects with `failure` where it was no
 * fault of the line: what the sink itself throws is final.
 */
export async function resumedInto(
  driver: Driver,
  key: string,
  sink: BodySink,
  info: ObjectInfo,
  failure: unknown,
  options: GetOptions,
  retrier: Retrier,
): Promise<ReadResult> {
  if (!(failure instanceof DataPlaneError) || failure.code !== "unavailable") throw failure;
  const broken = { info, body: brokenOff(failure) };
  // The sink compares the whole: no check here has seen its first bytes.
  const source = new Remainder(driver, key, options, broken, retrier, undefined, sink.received);
  for await (const chunk of source.chunks(broken)) sink.chunk(chunk);
  sink.end();
  return { ...broken, taken: true };
}

async function* brokenOff(failure: DataPlaneError): AsyncGenerator<Uint8Array, void, undefined> {
  yield* await Promise.reject<Uint8Array[]>(failure);
}

/** How a driver is asked for what `resumable` compares itself. */
export function openedFor(options: GetOptions): GetOptions {
  return options.unverified !== true && isWhole(options) ? { ...options, unverified: true } : options;
}

function isWhole({ range }: GetOptions): boolean {
  return range === undefined || (range.offset === 0 && range.length === undefined);
}

class Remainder {
  readonly #driver: Driver;
  readonly #key: string;
  readonly #options: GetOptions;
  readonly #info: ReadResult["info"];
  readonly #retrier: Retrier;
  readonly #check: BodyCheck | undefined;
  readonly #start: number;
  readonly #end: number;
  #tries: Tries | undefined;
  #done: number;
  /** Where the running attempt began. */
  #begunAt: number;

  constructor(
    driver: Driver,
    key: string,
    options: GetOptions,
    { info }: ReadResult,
    retrier: Retrier,
    check: BodyCheck | undefined,
    done = 0,
  ) {
    this.#done = done;
    this.#begunAt = done;
    this.#driver = driver;
    this.#key = key;
    this.#options = options;
    this.#info = info;
    this.#retrier = retrier;
    this.#check = check;
    this.#start = Math.min(options.range?.offset ?? 0, info.size);
    this.#end = Math.min(this.#start + (options.range?.length ?? info.size), info.size);
  }

  async *chunks(first: ReadResult): AsyncGenerator<Uint8Array, void, undefined> {
    for (let read: ReadResult | undefined = first; read !== undefined; ) {
      try {
        for await (const chunk of read.body) {
          this.#saw(chunk);
          yield chunk;
        }
        break;
      } catch (error) {
        read = await this.#reopen(error);
      }
    }
    this.#complete();
  }

  /** Counts chunks as they are seen: a driver whose `toFile` rejects with `unavailable` has written those it showed. */
  async toFile(first: NonNullable<ReadResult["toFile"]>, target: FileTarget): Promise<number> {
    const onChunk = (chunk: Uint8Array): void => {
      this.#saw(chunk);
      target.onChunk?.(chunk);
    };
    for (let next: ReadResult["toFile"] = first; next !== undefined; ) {
      const before = this.#done;
      try {
        const done = before + (await next({ fd: target.fd, position: target.position + before, onChunk }));
        this.#complete();
        return done;
      } catch (error) {
        // Other failures may have come from the file, whose bytes are then not those that were shown.
        const read = await this.#reopen(error, (failure) => failure.code === "unavailable");
        if (read === undefined) {
          this.#complete();
          return this.#done;
        }
        next = read.toFile;
        if (next === undefined) await releaseBody(read.body);
      }
    }
    throw new DataPlaneError("internal", `the "${this.#driver.scheme}" store reads into files only at times`);
  }

  #saw(chunk: Uint8Array): void {
    this.#done += chunk.byteLength;
    this.#check?.add(chunk);
  }

  /** After the last byte; throws `data_loss`. A server that does not tell a size may give less than was asked for. */
  #complete(): void {
    const expected = this.#end - this.#start;
    if (Number.isFinite(this.#info.size) && this.#done !== expected) {
      throw new DataPlaneError("data_loss", `received ${this.#done} of ${expected} bytes`);
    }
    this.#check?.end();
  }

  /** The rest of the body, or undefined where nothing is missing: the line then broke after the last byte. */
  async #reopen(failure: unknown, repeatable?: (error: DataPlaneError) => boolean): Promise<ReadResult | undefined> {
    const { signal } = this.#options;
    const tries = (this.#tries ??= this.#retrier.begin({ operation: "get", key: this.#key, signal }));
    if (this.#done - this.#begunAt >= progressBytes) tries.progressed();
    // Without a name for its version nobody can tell whether the rest belongs to what came before.
    const named = this.#info.etag !== "";
    await tries.failed(failure, (error) => named && error.code !== "aborted" && repeatable?.(error) !== false);
    this.#begunAt = this.#done;
    const offset = this.#start + this.#done;
    if (offset >= this.#end) return undefined;
    for (;;) {
      try {
        return await this.#open(offset);
      } catch (error) {
        await tries.failed(error, ({ code }) => code !== "aborted");
      }
    }
  }

  async #open(offset: number): Promise<ReadResult> {
    const { etag } = this.#info;
    // A sink takes whole objects: it has begun with this one, or left it to the reader.
    const { sink: _whole, ...options } = this.#options;
    // Some web servers do not tell how long a body is.
    const range = this.#end === Number.POSITIVE_INFINITY ? { offset } : { offset, length: this.#end - offset };
    const read = await this.#driver.get(this.#key, {
      ...options,
      range,
      ...(this.#driver.capabilities.ifMatch && { ifMatch: etag }),
    });
    if (read.info.etag === etag) return read;
    await releaseBody(read.body);
    throw new DataPlaneError("aborted", `the object was replaced while it was read, at byte ${offset}`);
  }
}
