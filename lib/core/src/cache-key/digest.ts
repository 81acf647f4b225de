import { hash } from "node:crypto";

/** SHA-256 of bytes, or of a text's UTF-8. */
export function sha256(data: Uint8Array | string): Buffer {
  return hash("sha256", data, "buffer");
}

/** FNV-1a over 64 bits, as its 8 big-endian bytes. */
export function fnv1a64(data: Uint8Array): Buffer {
  // Two 32-bit halves: a bigint per byte would be ten times slower, and inputs may be megabytes.
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of data) {
    low = (low ^ byte) >>> 0;
    // (high, low) * 0x100000001b3 modulo 2^64: the prime is 2^40 + 0x1b3.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  const digest = Buffer.alloc(8);
  digest.writeUInt32BE(high, 0);
  digest.writeUInt32BE(low, 4);
  return digest;
}
