import { DataPlaneError } from "@flyte-dataplane/core";
import type { Driver, FileTarget, GetOptions, ListOptions, ObjectInfo, ReadResult } from "../src/driver.ts";
import { writeBody } from "../src/file-target.ts";

export type Operation =
  | "head"
  | "get"
  | "put"
  | "list"
  | "delete"
  | "create upload"
  | "put part"
  | "complete upload"
  | "abort upload";

/** What goes wrong with one call. */
export interface Fault {
  /** Happens before the driver hears of the call. */
  readonly first?: () => Promise<unknown>;
  /** The call fails unheard. */
  readonly refuse?: Error;
  /** The call is done, its answer lost. */
  readonly lose?: Error;
  /** A body or a listing fails after so many bytes or objects. */
  readonly cut?: { readonly after: number; readonly error: Error };
  /** This byte of the body arrives changed. */
  readonly flip?: number;
  /** What is listed in place of the truth. */
  readonly listed?: (objects: readonly ObjectInfo[]) => readonly ObjectInfo[];
}

export interface Call {
  readonly operation: Operation;
  readonly key: string;
  /** Of this operation, from 1. */
  readonly count: number;
  readonly options: GetOptions & ListOptions;
}

export interface FaultyDriver extends Driver {
  readonly calls: readonly Call[];
}

export const lineCut = (): DataPlaneError => new DataPlaneError("unavailable", "the line was cut");

/** `driver` on a bad day: `fault` decides about each call. */
export function faulty(driver: Driver, fault: (call: Call) => Fault | undefined): FaultyDriver {
  const calls: Call[] = [];
  const begin = (operation: Operation, key: string, options: GetOptions & ListOptions = {}): Fault => {
    const count = calls.filter((call) => call.operation === operation).length + 1;
    const call = { operation, key, count, options };
    calls.push(call);
    return fault(call) ?? {};
  };
  const run = async <T>(
    operation: Operation,
    key: string,
    options: GetOptions | undefined,
    act: () => Promise<T>,
  ): Promise<T> => {
    const { first, refuse, lose } = begin(operation, key, options);
    await first?.();
    if (refuse !== undefined) throw refuse;
    const result = await act();
    if (lose !== undefined) throw lose;
    return result;
  };
  const { multipart, signer } = driver;
  return {
    calls,
    scheme: driver.scheme,
    capabilities: driver.capabilities,
    ...(signer !== undefined && { signer }),
    ...(multipart !== undefined && {
      multipart: {
        limits: multipart.limits,
        create: (key, options) => run("create upload", key, options, () => multipart.create(key, options)),
        putPart: (upload, number, body, options) =>
          run("put part", upload.key, options, () => multipart.putPart(upload, number, body, options)),
        complete: (upload, parts, options) =>
          run("complete upload", upload.key, options, () => multipart.complete(upload, parts, options)),
        abort: (upload, options) => run("abort upload", upload.key, options, () => multipart.abort(upload, options)),
      },
    }),
    head: (key, options) => run("head", key, options, () => driver.head(key, options)),
    async get(key, options) {
      const { first, refuse, ...broken } = begin("get", key, options);
      await first?.();
      if (refuse !== undefined) throw refuse;
      return brokenRead(await driver.get(key, options), broken);
    },
    put: (key, body, options) => run("put", key, options, () => driver.put(key, body, options)),
    list: (prefix, options) => brokenList(driver, prefix, options, begin("list", prefix, options)),
    delete: (key, options) => run("delete", key, options, () => driver.delete(key, options)),
    close: () => driver.close(),
  };
}

function brokenRead(read: ReadResult, fault: Fault): ReadResult {
  if (fault.cut === undefined && fault.flip === undefined) return read;
  const body = brokenBody(read.body, fault);
  return { info: read.info, body, toFile: (target: FileTarget) => writeBody(body, target) };
}

async function* brokenBody(
  body: AsyncIterable<Uint8Array>,
  { cut, flip }: Fault,
): AsyncGenerator<Uint8Array, void, undefined> {
  let done = 0;
  for await (const chunk of body) {
    if (flip !== undefined && flip >= done && flip < done + chunk.byteLength) {
      chunk[flip - done] = (chunk[flip - done] ?? 0) ^ 1;
    }
    if (cut !== undefined && done + chunk.byteLength > cut.after) {
      if (cut.after > done) yield chunk.subarray(0, cut.after - done);
      throw cut.error;
    }
    done += chunk.byteLength;
    yield chunk;
  }
  if (cut !== undefined) throw cut.error;
}

async function* brokenList(
  driver: Driver,
  prefix: string,
  options: ListOptions | undefined,
  { refuse, cut, listed }: Fault,
): AsyncGenerator<ObjectInfo, void, undefined> {
  if (refuse !== undefined) throw refuse;
  const found: ObjectInfo[] = [];
  for await (const info of driver.list(prefix, options)) found.push(info);
  const objects = listed?.(found) ?? found;
  yield* cut === undefined ? objects : objects.slice(0, cut.after);
  if (cut !== undefined) throw cut.error;
}
