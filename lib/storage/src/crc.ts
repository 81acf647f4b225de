import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Checksums } from "./driver.ts";

/** The running checksum of a chunk, given that of all before it; an unsigned number of 32 bits. */
export type Crc = (chunk: Uint8Array, before?: number) => number;

export const crc32Of: Crc = (chunk, before = 0) => crc32(chunk, before);

/** Loaded at the first use: an addon that a start without such objects has no need of. */
let crc32c: Promise<Crc> | undefined;
let loadedCrc32c: Crc | undefined;

/**
 * Castagnoli's checksum, which Node does not have: by an addon, 0.2 CPU-s per GiB, or by ourselves where that cannot be
 * loaded, 1.5.
 */
export function loadCrc32c(): Promise<Crc> {
  crc32c ??= import("@node-rs/crc32").then(
    ({ crc32c: compute }) =>
      (chunk, before = 0) =>
        compute(chunk, before),
    async () => (await import("./crc32c.ts")).crc32c,
  );
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
