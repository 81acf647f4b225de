/** How messages are packed, and which packing a caller and we agree on. */
import { promisify } from "node:util";
import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
} from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";

export interface Compression {
  readonly name: string;
  compress(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
  /**
   * Rejects with `resource_exhausted` as soon as more than `maxBytes` come out, with `invalid_argument` for bytes that are
   * no such packing.
   */
  decompress(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> | Uint8Array;
}

/** Answers below it are not worth packing. */
const leastBytes = 1024;
/** Up to these sizes the way to the thread pool and back costs more than the work, even of the densest bytes. */
const compressHereBytes = 16 * 1024;
const decompressHereBytes = 2 * 1024;

// The lowest levels: three times as fast as the default ones for a few per cent more bytes.
const gzipOptions = { level: constants.Z_BEST_SPEED };
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const gzipAway = promisify(gzip);
const gunzipAway = promisify(gunzip);
const brotliAway = promisify(brotliCompress);
const unbrotliAway = promisify(brotliDecompress);

const compressions: readonly Compression[] = [
  {
    name: "gzip",
    compress: (bytes) =>
      bytes.byteLength <= compressHereBytes ? gzipSync(bytes, gzipOptions) : gzipAway(bytes, gzipOptions),
    decompress: (bytes, maxBytes) => unpack("gzip", bytes, maxBytes, gunzipSync, gunzipAway),
  },
  {
    name: "br",
    compress: (bytes) =>
      bytes.byteLength <= compressHereBytes
        ? brotliCompressSync(bytes, brotliOptions)
        : brotliAway(bytes, brotliOptions),
    decompress: (bytes, maxBytes) => unpack("br", bytes, maxBytes, brotliDecompressSync, unbrotliAway),
  },
];

const names = compressions.map(({ name }) => name).join(",");

/** The packing that `encoding` names; undefined for none. Throws `unimplemented`, naming ours in the header `acceptHeader`. */
export function requestCompression(encoding: string | undefined, acceptHeader: string): Compression | undefined {
  if (encoding === undefined || encoding === "" || encoding === "identity") return undefined;
  const found = compressions.find(({ name }) => name === encoding);
  if (found !== undefined) return found;
  throw new ConnectError(`compression "${encoding}" is not known here; known are ${names}`, Code.Unimplemented, {
    [acceptHeader]: names,
  });
}

/** The first packing of ours that the caller takes; the one that it used itself where it names none. */
export function responseCompression(
  accepted: string | undefined,
  used: Compression | undefined,
): Compression | undefined {
  if (accepted === undefined || accepted === "") return used;
  if (accepted === "identity") return undefined;
  for (const item of accepted.split(",")) {
    const [name = "", ...params] = item.split(";").map((part) => part.trim().toLowerCase());
    if (params.some((param) => /^q=0(\.0*)?$/.test(param))) continue;
    const found = compressions.find((each) => each.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `bytes` packed, or undefined where it is not worth it. */
export function compressed(
  bytes: Uint8Array,
  compression: Compression | undefined,
): Promise<Uint8Array> | Uint8Array | undefined {
  return compression === undefined || bytes.byteLength < leastBytes ? undefined : compression.compress(bytes);
}

type Limit = { readonly maxOutputLength: number };

function unpack(
  name: string,
  bytes: Uint8Array,
  maxBytes: number,
  here: (bytes: Uint8Array, limit: Limit) => Uint8Array,
  away: (bytes: Uint8Array, limit: Limit) => Promise<Uint8Array>,
): Promise<Uint8Array> | Uint8Array {
  // Nothing is nothing, packed or not.
  if (bytes.byteLength === 0) return bytes;
  const limit = { maxOutputLength: Math.max(1, maxBytes) };
  if (bytes.byteLength > decompressHereBytes)
    return away(bytes, limit).catch((error: unknown) => {
      throw refused(name, maxBytes, error);
    });
  try {
    return here(bytes, limit);
  } catch (error) {
    throw refused(name, maxBytes, error);
  }
}

function refused(name: string, maxBytes: number, error: unknown): ConnectError {
  const tooLong = error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
  return tooLong
    ? new ConnectError(`the message is larger than ${maxBytes} bytes`, Code.ResourceExhausted)
    : new ConnectError(`the message is not ${name}`, Code.InvalidArgument, undefined, undefined, error);
}
