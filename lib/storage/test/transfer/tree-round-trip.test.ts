import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bucket } from "../../src/bucket.ts";
import { someBytes } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import { openFileDriver } from "../../src/drivers/file/driver.ts";
import { downloadTree } from "../../src/transfer/download-tree.ts";
import { uploadTree } from "../../src/transfer/upload-tree.ts";
import { withRetry } from "../../src/with-retry.ts";
import { faulty, lineCut } from "../faulty-driver.ts";
import { partialFiles } from "../file-store.ts";
import { filesBelow, openWorkspace, smallSizes, type Workspace } from "./workspace.ts";

/** Names that a file system takes and keys must carry: blanks, dots, percent, plus, unicode, what sorts around a slash. */
const name = fc.oneof(
  fc.constantFrom("a", "b", "a b", "a+b", "a%20b", "..a", "a.", "-", "!", "0", "ä", "𝄞", "#?", "'\"", "\\", "\n"),
  fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }).filter((value) => !/[/\0]|^\.{1,2}$/.test(value)),
);
/** Lengths, around the borders of pieces among others; the bytes follow from them, which keeps a counterexample readable. */
const content = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.constantFrom(65_535, 65_536, 65_537, 131_072, 200_000, 200_001, 262_144),
);
const tree = fc.array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }), content), { maxLength: 12 });

describe("any tree that goes up and comes down", () => {
  let at: Workspace;
  let count = 0;

  beforeAll(async () => {
    at = await openWorkspace("sync");
  });
  afterAll(async () => {
    expect(await at.leftovers()).toEqual([]);
    await at.close();
  });

  const goesAround = async (
    driver: Driver,
    files: readonly (readonly [readonly string[], number])[],
  ): Promise<void> => {
    count += 1;
    const source = path.join(at.folder, `source-${count}`);
    const target = path.join(at.folder, `target-${count}`);
    await mkdir(source);
    for (const [segments, length] of files) await place(path.join(source, ...segments), someBytes(length, length + 1));
    const bucket = new Bucket(driver, (key) => key);
    const writes = count % 2 === 0 ? "sync" : "async";
    const options = { ...at.options, writes, sizes: smallSizes } as const;
    const up = await uploadTree(bucket, source, `trees/${count}/`, options);
    const down = await downloadTree(bucket, `trees/${count}/`, target, options);
    expect(down).toEqual(up);
    expect(await filesBelow(target)).toEqual(await filesBelow(source));
    expect(await partialFiles(target)).toEqual([]);
  };

  it("is the same tree, over memory", async () => {
    await fc.assert(
      fc.asyncProperty(tree, (files) => goesAround(at.store, files)),
      { numRuns: 40 },
    );
  });

  it("is the same tree, over files", async () => {
    const root = path.join(at.folder, "store");
    await mkdir(root);
    const driver = openFileDriver({ root, durability: "fast" });
    await fc.assert(
      fc.asyncProperty(tree, (files) => goesAround(driver, files)),
      { numRuns: 25 },
    );
    await driver.close();
  });

  it("is the same tree, over a line that breaks now and then", async () => {
    const flaky = faulty(at.store, ({ operation, count: call }) => {
      if (call % 6 === 1) return { refuse: lineCut() };
      // An upload whose name was lost on the way stays: no client can know of it.
      if (call % 6 !== 3 || operation === "create upload") return undefined;
      return operation === "get" || operation === "list"
        ? { cut: { after: call, error: lineCut() } }
        : { lose: lineCut() };
    });
    const driver = withRetry(flaky, { attempts: 10, budget: 1_000_000 }, { clock: at.options.clock });
    await fc.assert(
      fc.asyncProperty(tree, (files) => goesAround(driver, files)),
      { numRuns: 40 },
    );
  });
});

/** Skips what the tree's earlier entries stand in the way of: a file cannot be a folder as well. */
async function place(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await readdir(path.dirname(file));
    await writeFile(file, bytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!["EEXIST", "ENOTDIR", "EISDIR"].includes(code ?? "")) throw error;
  }
}
