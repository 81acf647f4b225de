import {
  type BigIntStats,
  close,
  closeSync,
  constants,
  fstat,
  fstatSync,
  ftruncate,
  ftruncateSync,
  lstat,
  lstatSync,
  mkdir,
  mkdirSync,
  open,
  openSync,
  read,
  readSync,
  rename,
  renameSync,
  statfs,
  statfsSync,
  unlink,
  unlinkSync,
} from "node:fs";
import { promisify } from "node:util";
import type { FileTarget } from "../driver.ts";
import { writeBody, writeBodySync } from "../file-target.ts";

/** At once, or later. */
type Soon<T> = T | Promise<T>;

/**
 * The local file system as transfers use it, by descriptors. Failures are those of Node: the caller knows what they mean.
 * Blocking calls save four hand-overs to a thread per small object, which is more than the rest of its way costs.
 */
export interface Disk {
  /** Fails if `file` exists. */
  create(file: string): Soon<number>;
  /** Follows no link, and does not wait for the writer of a pipe. */
  openToRead(file: string): Soon<number>;
  stat(fd: number): Soon<BigIntStats>;
  close(fd: number): Soon<void>;
  rename(from: string, to: string): Soon<void>;
  unlink(file: string): Soon<void>;
  makeFolder(folder: string): Soon<void>;
  isFolder(file: string): Soon<boolean>;
  resize(fd: number, size: number): Soon<void>;
  /** Bytes read; fewer than asked for only at the end of the file. */
  read(fd: number, into: Uint8Array, position: number): Soon<number>;
  /** Bytes that this user may still write in the file system of `folder`. */
  free(folder: string): Soon<number>;
  write(body: AsyncIterable<Uint8Array>, target: FileTarget): Promise<number>;
}

/** One that never lets anybody wait. */
export interface BlockingDisk extends Disk {
  create(file: string): number;
  openToRead(file: string): number;
  stat(fd: number): BigIntStats;
  read(fd: number, into: Uint8Array, position: number): number;
  close(fd: number): void;
  rename(from: string, to: string): void;
  unlink(file: string): void;
  free(folder: string): number;
}

const reading = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const blockingDisk: BlockingDisk = {
  create: (file) => openSync(file, "wx+", 0o666),
  openToRead: (file) => openSync(file, reading),
  stat: (fd) => fstatSync(fd, { bigint: true }),
  close: closeSync,
  rename: renameSync,
  unlink: unlinkSync,
  makeFolder(folder) {
    mkdirSync(folder);
  },
  isFolder: (file) => lstatSync(file).isDirectory(),
  resize: ftruncateSync,
  read(fd, into, position) {
    let done = 0;
    while (done < into.byteLength) {
      const bytes = readSync(fd, into, done, into.byteLength - done, position + done);
      if (bytes === 0) break;
      done += bytes;
    }
    return done;
  },
  free(folder) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
  write: writeBodySync,
};

const later = {
  open: promisify(open),
  fstat: promisify(fstat),
  lstat: promisify(lstat),
  statfs: promisify(statfs),
  read: promisify(read),
  mkdir: promisify(mkdir),
};

export const yieldingDisk: Disk = {
  create: (file) => later.open(file, "wx+", 0o666),
  openToRead: (file) => later.open(file, reading),
  stat: (fd) => later.fstat(fd, { bigint: true }),
  close: promisify(close),
  rename: promisify(rename),
  unlink: promisify(unlink),
  async makeFolder(folder) {
    await later.mkdir(folder);
  },
  isFolder: async (file) => (await later.lstat(file)).isDirectory(),
  resize: promisify(ftruncate),
  async read(fd, into, position) {
    let done = 0;
    while (done < into.byteLength) {
      const { bytesRead } = await later.read(fd, into, done, into.byteLength - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  },
  async free(folder) {
    const { bavail, bsize } = await later.statfs(folder);
    return bavail * bsize;
  },
  write: writeBody,
};
