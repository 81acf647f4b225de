import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { Bucket } from "../../src/bucket.ts";
import { type MemoryDriver, openMemoryDriver } from "../../src/drivers/memory/driver.ts";
import type { TransferOptions, TransferSizes } from "../../src/transfer/options.ts";
import { type Call, type Fault, type FaultyDriver, faulty } from "../faulty-driver.ts";
import { openDescriptors, partialFiles, temporaryFolder } from "../file-store.ts";
import { instantClock } from "../instant-clock.ts";

/** Small enough that a test of pieces moves no megabytes; parts have the least that the memory store takes. */
export const smallSizes: TransferSizes = {
  wholeBytes: 200_000,
  pieceBytes: 65_536,
  fewestPieces: 2,
  mostPieces: 4,
  objects: 4,
  streamBytes: 4 * 65_536,
};

/** A memory store on which things go wrong, beside a folder of the local disk. */
export interface Workspace {
  readonly folder: string;
  readonly store: MemoryDriver;
  readonly driver: FaultyDriver;
  readonly bucket: Bucket;
  readonly options: TransferOptions;
  /** Decides what goes wrong; nothing at first. */
  fault: (call: Call) => Fault | undefined;
  /** What a transfer must not leave: partial files, open descriptors, uploads under way. */
  leftovers(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function openWorkspace(writes: "sync" | "async" = "async"): Promise<Workspace> {
  const folder = await temporaryFolder();
  const clock = instantClock();
  const store = openMemoryDriver({ clock });
  const driver = faulty(store, (call) => workspace.fault(call));
  const workspace: Workspace = {
    folder,
    store,
    driver,
    bucket: new Bucket(driver, (key) => `mem://store/${key}`),
    options: { clock, writes, sizes: smallSizes },
    fault: () => undefined,
    async leftovers() {
      const uploads = store.openUploads === 0 ? [] : [`${store.openUploads} uploads under way`];
      return [...(await partialFiles(folder)), ...(await openDescriptors(folder)), ...uploads];
    },
    async close() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
  return workspace;
}

/** Every file below `folder` by its relative path, with its content in hexadecimal. */
export async function filesBelow(folder: string): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    files[path.relative(folder, file)] = (await readFile(file)).toString("hex");
  }
  return files;
}
