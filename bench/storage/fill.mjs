// @ts-check
// What the storage benchmark moves: one large object, and a tree of small ones.
import { randomFillSync } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { crc32c } from "@node-rs/crc32";

const block = 1024 * 1024;

/**
 * Writes a file of random bytes.
 * @param {string} file
 * @param {number} bytes whole MiB
 * @returns {string} its CRC32C, as S3 writes it
 */
export function fillFile(file, bytes) {
  const content = Buffer.allocUnsafe(block);
  const fd = openSync(file, "w");
  let crc = 0;
  for (let done = 0; done < bytes; done += block) {
    randomFillSync(content);
    crc = crc32c(content, crc);
    writeSync(fd, content);
  }
  closeSync(fd);
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(crc);
  return digest.toString("base64");
}

/**
 * A file without content that takes no room: what only its size matters of.
 * @param {string} file
 * @param {number} bytes
 */
export function fillSparse(file, bytes) {
  writeFileSync(file, "");
  truncateSync(file, bytes);
}

/**
 * @param {string} folder is made
 * @param {{ files: number, bytes: number, perFolder: number }} shape
 */
export function fillTree(folder, { files, bytes, perFolder }) {
  const content = randomFillSync(Buffer.alloc(bytes));
  for (let index = 0; index < files; index++) {
    const inner = path.join(folder, `f${Math.floor(index / perFolder)}`);
    if (index % perFolder === 0) mkdirSync(inner, { recursive: true });
    content.writeUInt32LE(index);
    writeFileSync(path.join(inner, `${index}.bin`), content);
  }
}

/**
 * @param {string} file
 * @param {number} bytes
 * @throws {Error} when it has another size
 */
export function checkFile(file, bytes) {
  const { size } = statSync(file);
  if (size !== bytes) throw new Error(`${file} has ${size} bytes, not ${bytes}`);
}

/**
 * @param {string} folder
 * @param {{ files: number, bytes: number }} shape
 * @throws {Error} when it holds other files
 */
export function checkTree(folder, { files, bytes }) {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  if (found.length !== files) throw new Error(`${folder} holds ${found.length} files, not ${files}`);
  for (const entry of found) checkFile(path.join(entry.parentPath, entry.name), bytes);
}
