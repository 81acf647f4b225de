import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Disk } from "./disk.ts";

const readBytes = 256 * 1024;

/** Of the first `size` bytes, which are in the page cache as a rule. */
export async function md5OfFile(disk: Disk, fd: number, size: number): Promise<Buffer> {
  const hash = createHash("md5");
  const buffer = Buffer.allocUnsafe(Math.min(readBytes, size));
  for (let position = 0; position < size; ) {
    const bytes = await disk.read(fd, buffer.subarray(0, Math.min(buffer.byteLength, size - position)), position);
    if (bytes === 0) break;
    hash.update(buffer.subarray(0, bytes));
    position += bytes;
  }
  return hash.digest();
}
