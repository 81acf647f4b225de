import { DataPlaneError } from "@flyte-dataplane/core";
import type {
  CallOptions,
  Driver,
  GetOptions,
  ListOptions,
  ObjectInfo,
  PutOptions,
  PutResult,
  ReadResult,
  Source,
} from "./driver.ts";
import { removeInTime } from "./remove-in-time.ts";
import { defaultRetryPolicy, isUnanswered, type RetryPolicy } from "./retry/policy.ts";
import { openedFor, resumable, resumedInto } from "./retry/resume-get.ts";
import { Retrier, type RetryDeps, type Tries } from "./retry/retrier.ts";
import { withRetriedParts } from "./retry/retry-multipart.ts";
import { isFileSlice } from "./source.ts";
import { UploadLeft } from "./upload-left.ts";

/**
 * `driver`, with failures that may pass met by further attempts: full-jitter back-off, the store's own `Retry-After`, a
 * budget that all calls share, an end when the call's signal aborts. A body goes on from its last byte and a listing from
 * its last key; an iterable is sent again only if nobody has begun it. This is the one layer that retries: drivers and
 * callers do not. The error after several attempts names their number.
 */
export function withRetry(driver: Driver, policy: Partial<RetryPolicy>, deps: RetryDeps): Driver {
  const retrier = new Retrier(driver.scheme, { ...defaultRetryPolicy, ...policy }, deps);
  const { signer, multipart } = driver;
  const pages = driver.pages?.bind(driver);
  return {
    scheme: driver.scheme,
    capabilities: driver.capabilities,
    ...(signer !== undefined && { signer }),
    ...(multipart !== undefined && { multipart: withRetriedParts(driver, multipart, retrier) }),
    head: (key: string, options?: CallOptions): Promise<ObjectInfo> =>
      retrier.run({ operation: "head", key, signal: options?.signal }, () => driver.head(key, options)),
    get: async (key: string, options: GetOptions = {}): Promise<ReadResult> => {
      const { sink } = options;
      // A version that is gone does not come back, and no sink takes an object twice.
      const repeatable = ({ code }: DataPlaneError): boolean =>
        sink?.taking === undefined && (options.ifMatch === undefined || code !== "aborted");
      const call = { operation: "get", key, signal: options.signal };
      try {
        const first = await retrier.run(call, () => driver.get(key, openedFor(options)), repeatable);
        return first.taken === true ? first : await resumable(driver, key, options, first, retrier);
      } catch (error) {
        if (sink?.taking === undefined) throw error;
        return await resumedInto(driver, key, sink, sink.taking, error, options, retrier);
      }
    },
    put: (key: string, body: Source, options?: PutOptions): Promise<PutResult> =>
      putAgain(driver, retrier, key, body, options),
    list: (prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> =>
      listOn(retrier, prefix, options ?? {}, (again) => driver.list(prefix, again), one),
    ...(pages !== undefined && {
      pages: (prefix: string, options?: ListOptions): AsyncIterable<readonly ObjectInfo[]> =>
        listOn(retrier, prefix, options ?? {}, (again) => pages(prefix, again), all),
    }),
    delete: (key: string, options?: CallOptions): Promise<void> =>
      retrier.run({ operation: "delete", key, signal: options?.signal }, () => driver.delete(key, options)),
    close: (): Promise<void> => driver.close(),
  };
}

async function putAgain(
  driver: Driver,
  retrier: Retrier,
  key: string,
  body: Source,
  options: PutOptions = {},
): Promise<PutResult> {
  const given = repeatableBody(body);
  let unanswered = false;
  const attempt = async (): Promise<PutResult> => {
    try {
      return await driver.put(key, given.body, options);
    } catch (error) {
      if (error instanceof DataPlaneError && error.code === "already_exists" && unanswered) {
        throw new DataPlaneError(
          "already_exists",
          `${error.message}, perhaps by an earlier attempt that got no answer`,
          {
            cause: error.cause ?? error,
          },
        );
      }
      if (error instanceof DataPlaneError && isUnanswered(error)) unanswered = true;
      throw error instanceof UploadLeft ? await removedAfterAll(retrier, key, error) : error;
    }
  };
  return await retrier.run({ operation: "put", key, signal: options.signal }, attempt, given.repeatable);
}

/** The failure to tell of a write whose parts stayed, once further attempts have removed them or failed, too. */
async function removedAfterAll(retrier: Retrier, key: string, left: UploadLeft): Promise<DataPlaneError> {
  try {
    await removeInTime(retrier.deps.clock, (signal) =>
      retrier.run({ operation: "abort upload", key, signal }, () => left.remove({ signal })),
    );
    return left.failure;
  } catch (error) {
    return error instanceof Error ? new UploadLeft(left.failure, error, left.remove) : left;
  }
}

/** `body`, and whether it can be sent again: an iterable only until somebody takes its iterator. */
function repeatableBody(body: Source): { readonly body: Source; readonly repeatable: () => boolean } {
  if (body instanceof Uint8Array || isFileSlice(body)) return { body, repeatable: () => true };
  let taken = false;
  return {
    repeatable: () => !taken,
    body: {
      [Symbol.asyncIterator]() {
        taken = true;
        return body[Symbol.asyncIterator]();
      },
    },
  };
}

const one = (info: ObjectInfo): readonly ObjectInfo[] => [info];
const all = (page: readonly ObjectInfo[]): readonly ObjectInfo[] => page;

/** What `open` lists, object by object or page by page; `objectsOf` tells which objects one item of it holds. */
async function* listOn<T>(
  retrier: Retrier,
  prefix: string,
  options: ListOptions,
  open: (options: ListOptions) => AsyncIterable<T>,
  objectsOf: (item: T) => readonly ObjectInfo[],
): AsyncGenerator<T, void, undefined> {
  const { limit = Number.POSITIVE_INFINITY } = options;
  let tries: Tries | undefined;
  let listed = 0;
  let last = options.startAfter;
  let again = options;
  for (;;) {
    const before = listed;
    try {
      for await (const item of open(again)) {
        const objects = objectsOf(item);
        last = objects.at(-1)?.key ?? last;
        listed += objects.length;
        yield item;
      }
      return;
    } catch (error) {
      if (listed >= limit) return;
      tries ??= retrier.begin({ operation: "list", key: prefix, signal: options.signal });
      if (listed > before) tries.progressed();
      await tries.failed(error);
      again = {
        ...options,
        ...(last !== undefined && { startAfter: last }),
        ...(options.limit !== undefined && { limit: limit - listed }),
      };
    }
  }
}
