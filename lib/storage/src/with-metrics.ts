import { type Clock, errorCode, type Metrics } from "@flyte-dataplane/core";
import type {
  CallOptions,
  Driver,
  FileTarget,
  GetOptions,
  ListOptions,
  Multipart,
  ObjectInfo,
  PutOptions,
  PutResult,
  ReadResult,
  Source,
} from "./driver.ts";

/** Seconds; from a cached local file to a large object over a slow line. */
const durationBuckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** `driver`, with each operation counted by result and timed to the end of its body, and the bytes moved summed. */
export function withMetrics(driver: Driver, metrics: Metrics, clock: Clock): Driver {
  const record = instruments(metrics, driver.scheme, clock);
  const pages = driver.pages?.bind(driver);
  return {
    scheme: driver.scheme,
    capabilities: driver.capabilities,
    ...(driver.signer !== undefined && { signer: driver.signer }),
    ...(driver.multipart !== undefined && { multipart: measuredParts(driver.multipart, record) }),
    head: (key: string, options?: CallOptions): Promise<ObjectInfo> =>
      record.call("head", () => driver.head(key, options)),
    get: async (key: string, options?: GetOptions): Promise<ReadResult> => {
      const started = clock.now();
      try {
        const read = await driver.get(key, options);
        const { info, body, toFile } = read;
        if (read.taken === true) {
          record.bytes("get", info.size);
          record.end("get", started, "ok");
          return read;
        }
        return {
          info,
          body: record.body(body, started),
          ...(toFile !== undefined && { toFile: (target: FileTarget) => record.toFile(toFile, target, started) }),
        };
      } catch (error) {
        record.end("get", started, errorCode(error));
        throw error;
      }
    },
    put: async (key: string, body: Source, options?: PutOptions): Promise<PutResult> => {
      const result = await record.call("put", () => driver.put(key, body, options));
      record.bytes("put", result.size);
      return result;
    },
    list: (prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> =>
      record.listing(driver.list(prefix, options)),
    ...(pages !== undefined && {
      pages: (prefix: string, options?: ListOptions) => record.listing(pages(prefix, options)),
    }),
    delete: (key: string, options?: CallOptions): Promise<void> =>
      record.call("delete", () => driver.delete(key, options)),
    close: (): Promise<void> => driver.close(),
  };
}

function measuredParts(multipart: Multipart, record: Recorder): Multipart {
  return {
    limits: multipart.limits,
    create: (key, options) => record.call("create_upload", () => multipart.create(key, options)),
    putPart: async (upload, number, body, options) => {
      const part = await record.call("put_part", () => multipart.putPart(upload, number, body, options));
      record.bytes("put", part.size);
      return part;
    },
    complete: (upload, parts, options) =>
      record.call("complete_upload", () => multipart.complete(upload, parts, options)),
    abort: (upload, options) => record.call("abort_upload", () => multipart.abort(upload, options)),
  };
}

interface Recorder {
  call<T>(operation: string, run: () => Promise<T>): Promise<T>;
  body(body: AsyncIterable<Uint8Array>, started: number): AsyncIterable<Uint8Array>;
  toFile(run: NonNullable<ReadResult["toFile"]>, target: FileTarget, started: number): Promise<number>;
  listing<T>(objects: AsyncIterable<T>): AsyncIterable<T>;
  bytes(operation: string, count: number): void;
  end(operation: string, started: number, code: string): void;
}

function instruments(metrics: Metrics, scheme: string, clock: Clock): Recorder {
  const operations = metrics.histogram({
    name: "storage_operation_duration_seconds",
    help: "Time of storage operations, bodies included, by result.",
    labels: ["scheme", "operation", "code"],
    buckets: durationBuckets,
  });
  const moved = metrics.counter({
    name: "storage_bytes_total",
    help: "Bytes of bodies read from and written to stores.",
    labels: ["scheme", "operation"],
  });
  const bytes = (operation: string, count: number): void => moved.add(count, { scheme, operation });
  const end = (operation: string, started: number, code: string): void =>
    operations.observe((clock.now() - started) / 1000, { scheme, operation, code });

  async function* timed<T>(
    operation: string,
    items: AsyncIterable<T>,
    started: number,
    each: (item: T) => void,
  ): AsyncGenerator<T, void, undefined> {
    // What stays if the reader breaks out.
    let code = "canceled";
    try {
      for await (const item of items) {
        each(item);
        yield item;
      }
      code = "ok";
    } catch (error) {
      code = errorCode(error);
      throw error;
    } finally {
      end(operation, started, code);
    }
  }

  async function settled<T>(operation: string, started: number, run: () => Promise<T>): Promise<T> {
    try {
      const result = await run();
      end(operation, started, "ok");
      return result;
    } catch (error) {
      end(operation, started, errorCode(error));
      throw error;
    }
  }

  return {
    bytes,
    end,
    call: (operation, run) => settled(operation, clock.now(), run),
    async toFile(run, target, started) {
      // Counted once: a counter's labels cost more than adding up.
      let seen = 0;
      const onChunk = (chunk: Uint8Array): void => {
        seen += chunk.byteLength;
        target.onChunk?.(chunk);
      };
      try {
        return await settled("get", started, () => run({ ...target, onChunk }));
      } finally {
        bytes("get", seen);
      }
    },
    body: (body, started) => timed("get", body, started, (chunk) => bytes("get", chunk.byteLength)),
    listing: (objects) => timed("list", objects, clock.now(), () => undefined),
  };
}
