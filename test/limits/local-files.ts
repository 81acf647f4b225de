/** Files on a real disk that the confined program reads and writes; tmpfs would be charged to its memory. */
import { Buffer } from "node:buffer";
import { chmod, chown, mkdir, mkdtemp, open, readdir, readFile, rm, stat, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { unprivileged } from "./limited.ts";

/** Runs with a folder that the unprivileged user may fill; it is removed afterwards. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "flyte-limits-"));
  try {
    await chmod(folder, 0o755);
    await chown(folder, unprivileged, unprivileged);
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(tmpdir());
  return bavail * bsize;
}

export interface TreeShape {
  readonly files: number;
  readonly bytes: number;
}

const perFolder = 1_000;

/** Writes files whose content tells their number. */
export async function fillTree(folder: string, { files, bytes }: TreeShape): Promise<void> {
  const content = Buffer.alloc(bytes, 0x5a);
  for (let index = 0; index < files; index++) {
    const inner = path.join(folder, `f${Math.floor(index / perFolder)}`);
    if (index % perFolder === 0) await mkdir(inner, { recursive: true });
    content.writeUInt32LE(index);
    await writeFile(path.join(inner, `${index}.bin`), content);
  }
}

/** How many files below `folder` are those that `fillTree` wrote, whole; throws for one that is not. */
export async function countTree(folder: string, { bytes }: TreeShape): Promise<number> {
  const expected = Buffer.alloc(bytes, 0x5a);
  let found = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const index = Number(path.basename(entry.name, ".bin"));
    expected.writeUInt32LE(index);
    const file = path.join(folder, `f${Math.floor(index / perFolder)}`, `${index}.bin`);
    if (!expected.equals(await readFile(file))) throw new Error(`${file} differs`);
    found += 1;
  }
  return found;
}

/** Bytes between the marks of a large file. */
const stride = 5_000_011;

/** Writes a file that is empty but for marks that tell their place: it takes little room, and a shifted piece shows. */
export async function fillMarked(file: string, bytes: number): Promise<void> {
  const handle = await open(file, "w");
  try {
    await handle.truncate(bytes);
    for (let at = 0; at + 8 <= bytes; at += stride) await handle.write(mark(at), 0, 8, at);
  } finally {
    await handle.close();
  }
}

/** Places of `file` where it is not what `fillMarked` wrote. */
export async function wrongMarks(file: string, bytes: number): Promise<readonly number[]> {
  if ((await stat(file)).size !== bytes) return [-1];
  const wrong: number[] = [];
  const handle = await open(file, "r");
  try {
    const found = Buffer.alloc(8);
    for (let at = 0; at + 8 <= bytes; at += stride) {
      await handle.read(found, 0, 8, at);
      if (!found.equals(mark(at))) wrong.push(at);
    }
  } finally {
    await handle.close();
  }
  return wrong;
}

function mark(at: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(at + 1));
  return bytes;
}
