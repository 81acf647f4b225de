import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Checksums } from "./driver.ts";

/** The running checksum of a chunk, given that of all before it; an unsigned number of 32 bits. */
export type Crc = (chunk: Uint8Array, before?: number) => number;

/** What has to be hashed before the addon pays: it takes several milliseconds to load. */
const muchBytes = 16 * 1024 * 1024;
let hashedBytes = 0;
let fastCrc32: Crc | undefined;

/**
 * Zlib's checksum: by Node, at 0.2 to 0.3 CPU-s per GiB, until so much was hashed that loading the addon pays, which needs
 * 0.08; by Node for good where that cannot be loaded. Whoever asks need not wait: both go on where the other stopped.
 */
export const crc32Of: Crc = (chunk, before = 0) => {
  if (fastCrc32 !== undefined) return fastCrc32(chunk, before);
  if (hashedBytes <= muchBytes) {
    hashedBytes += chunk.byteLength;
    if (hashedBytes > muchBytes) void loadAddon();
  }
  return crc32(chunk, before);
};

type Addon = typeof import("@node-rs/crc32");

let addon: Promise<Addon | undefined> | undefined;

/** Undefined where there is none, such as beside a program of one file; never rejects. */
function loadAddon(): Promise<Addon | undefined> {
  addon ??= import("@node-rs/crc32").then(
    (loaded) => {
      fastCrc32 = loaded.crc32;
      return loaded;
    },
    () => undefined,
  );
  return addon;
}

/** Loaded at the first use: a start without such objects has no need of it. */
let crc32c: Promise<Crc> | undefined;
let loadedCrc32c: Crc | undefined;

/** Castagnoli's checksum, which Node does not have: by the addon, 0.2 CPU-s per GiB, or by ourselves without it, 1.5. */
export function loadCrc32c(): Promise<Crc> {
  crc32c ??= loadAddon().then(async (loaded) => loaded?.crc32c ?? (await import("./crc32c.ts")).crc32c);
  crc32c.then(
    (loaded) => {
      loadedCrc32c = loaded;
    },
    () => undefined,
  );
  return crc32c;
}

/** As stores write it: 4 bytes, the most significant first. */
export function crcBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Compares a body with what the store knows of it, chunk by chunk. */
export interface BodyCheck {
  add(chunk: Uint8Array): void;
  /** After the last chunk; throws `data_loss` for other bytes than were stored. */
  end(): void;
}

/** A check by the cheapest of `checksums`; undefined where there is none. */
export async function bodyCheck(checksums: Checksums | undefined): Promise<BodyCheck | undefined> {
  if (checksums?.crc32c !== undefined) return running("CRC32C", await loadCrc32c(), checksums.crc32c);
  if (checksums?.crc32 !== undefined) return running("CRC32", crc32Of, checksums.crc32);
  return undefined;
}

/** As `bodyCheck`, for those who cannot wait: `unloaded` before the addon that the check needs is loaded. */
export function bodyCheckAtOnce(checksums: Checksums | undefined): BodyCheck | undefined | "unloaded" {
  if (checksums?.crc32c !== undefined) {
    return loadedCrc32c === undefined ? "unloaded" : running("CRC32C", loadedCrc32c, checksums.crc32c);
  }
  return checksums?.crc32 === undefined ? undefined : running("CRC32", crc32Of, checksums.crc32);
}

function running(name: string, crc: Crc, expected: Uint8Array): BodyCheck {
  let value = 0;
  return {
    add(chunk) {
      value = crc(chunk, value);
    },
    end() {
      if (Buffer.compare(crcBytes(value), expected) === 0) return;
      throw new DataPlaneError("data_loss", `the ${name} of the body is not the one that the store keeps`);
    },
  };
}
