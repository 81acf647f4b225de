import { Buffer } from "node:buffer";
import { type Crc, crc32Of, crcBytes, loadCrc32c } from "../crc.ts";
import type { ObjectInfo } from "../driver.ts";
import { atOnce } from "./at-once.ts";
import { combineCrc, crc32cPolynomial, crc32Polynomial } from "./combine-crc.ts";
import type { TransferContext } from "./context.ts";
import { corrupt, intoFile, otherMd5 } from "./into-file.ts";
import { md5OfFile } from "./md5-of-file.ts";
import type { DownloadOptions } from "./options.ts";
import { Pace } from "./pace.ts";

interface Piece {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * Writes the object that `info` describes into `fd`, several ranges at once, each of that version and no other. The CRC
 * of each range is taken as it arrives; together they give the object's. An MD5 has no such sum: where it is to be
 * compared, the file is read once more.
 */
export async function fetchPieces(
  context: TransferContext<DownloadOptions>,
  info: ObjectInfo,
  fd: number,
  signal: AbortSignal,
): Promise<void> {
  const { bucket, sizes, meter, clock, disk } = context;
  const { key, etag, size } = info;
  const sum = await crcSum(info);
  let fetched = 0;
  const pace = new Pace(clock, sizes.fewestPieces, sizes.mostPieces);
  // The last byte first: the file has its length from the start, whatever order the ranges come in.
  await disk.resize(fd, size);
  await atOnce(
    () => cut(size, sizes.pieceBytes),
    { limit: () => pace.width, signal },
    async (piece, stop) => {
      const { index, offset, length } = piece;
      const read = await bucket.get(key, { range: { offset, length }, ifMatch: etag, unverified: true, signal: stop });
      let crc = 0;
      const onChunk = (chunk: Uint8Array): void => {
        meter.onChunk?.(chunk);
        if (sum !== undefined) crc = sum.crc(chunk, crc);
      };
      const received = await intoFile(context, read, { fd, position: offset, onChunk });
      if (received !== length) throw corrupt(context, key, `received ${received} of ${length} bytes at ${offset}`);
      sum?.set(index, crc, length);
      fetched += received;
      pace.done(length);
    },
  );
  // The file has its length from the start: only the count tells that no range was left out.
  if (fetched !== size) throw corrupt(context, key, `received ${fetched} of ${size} bytes`);
  if (sum?.matches() === false) throw corrupt(context, key, "the CRC of the body is not the one that the store keeps");
  const md5 = sum === undefined && context.options.verify === "known" ? info.contentMd5 : undefined;
  if (md5 !== undefined && !(await md5OfFile(disk, fd, size)).equals(md5)) throw otherMd5(context, key);
}

function* cut(size: number, pieceBytes: number): Generator<Piece, void, undefined> {
  for (let offset = 0, index = 0; offset < size; offset += pieceBytes, index++) {
    yield { index, offset, length: Math.min(pieceBytes, size - offset) };
  }
}

interface CrcSum {
  readonly crc: Crc;
  set(index: number, crc: number, length: number): void;
  matches(): boolean;
}

async function crcSum({ checksums }: ObjectInfo): Promise<CrcSum | undefined> {
  if (checksums?.crc32c !== undefined) return sumOf(await loadCrc32c(), crc32cPolynomial, checksums.crc32c);
  if (checksums?.crc32 !== undefined) return sumOf(crc32Of, crc32Polynomial, checksums.crc32);
  return undefined;
}

function sumOf(crc: Crc, polynomial: number, expected: Uint8Array): CrcSum {
  const pieces: { readonly crc: number; readonly length: number }[] = [];
  return {
    crc,
    set(index, value, length) {
      pieces[index] = { crc: value, length };
    },
    matches() {
      const whole = pieces.reduce((sum, piece) => combineCrc(polynomial, sum, piece.crc, piece.length), 0);
      return Buffer.compare(crcBytes(whole), expected) === 0;
    },
  };
}
