import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Driver, ListOptions, Multipart, ObjectInfo, ReadResult, Signer, Upload } from "./driver.ts";

/** Bytes; what the object stores accept. */
const maxKeyBytes = 1024;

/**
 * The part of `driver` whose keys start with `prefix`, as a store of its own: keys go in and come out without it. On a
 * store of files the prefix ends in a slash. Closing it closes `driver`.
 */
export function withPrefix(driver: Driver, prefix: string): Driver {
  const { signer, multipart } = driver;
  const prefixBytes = Buffer.byteLength(prefix);
  const full = (key: string): string => {
    const bytes = prefixBytes + Buffer.byteLength(key);
    if (bytes <= maxKeyBytes) return prefix + key;
    throw new DataPlaneError(
      "invalid_argument",
      `the key has ${bytes} bytes with the prefix "${prefix}"; at most ${maxKeyBytes} are possible`,
    );
  };
  const short = (info: ObjectInfo): ObjectInfo => ({ ...info, key: info.key.slice(prefix.length) });
  return {
    scheme: driver.scheme,
    capabilities: driver.capabilities,
    ...(signer !== undefined && { signer: prefixedSigner(signer, full) }),
    ...(multipart !== undefined && { multipart: prefixedParts(multipart, prefix, full) }),
    head: async (key, options) => short(await driver.head(full(key), options)),
    get: async (key, options): Promise<ReadResult> => {
      const read = await driver.get(full(key), options);
      return { ...read, info: short(read.info) };
    },
    put: async (key, body, options) => await driver.put(full(key), body, options),
    async *list(start: string, options: ListOptions = {}) {
      const { startAfter } = options;
      const inner = startAfter === undefined ? options : { ...options, startAfter: prefix + startAfter };
      for await (const info of driver.list(prefix + start, inner)) yield short(info);
    },
    delete: async (key, options) => await driver.delete(full(key), options),
    close: () => driver.close(),
  };
}

function prefixedSigner(signer: Signer, full: (key: string) => string): Signer {
  return {
    signGet: async (key, options) => await signer.signGet(full(key), options),
    signPut: async (key, options) => await signer.signPut(full(key), options),
  };
}

function prefixedParts(multipart: Multipart, prefix: string, full: (key: string) => string): Multipart {
  const inner = (upload: Upload): Upload => ({ ...upload, key: full(upload.key) });
  return {
    limits: multipart.limits,
    create: async (key, options) => {
      const upload = await multipart.create(full(key), options);
      return { ...upload, key: upload.key.slice(prefix.length) };
    },
    putPart: (upload, number, body, options) => multipart.putPart(inner(upload), number, body, options),
    complete: (upload, parts, options) => multipart.complete(inner(upload), parts, options),
    abort: (upload, options) => multipart.abort(inner(upload), options),
  };
}
