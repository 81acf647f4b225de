import { mkdir } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Bucket } from "../../src/bucket.ts";
import type { Driver, ObjectInfo } from "../../src/driver.ts";
import { downloadTree } from "../../src/transfer/download-tree.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

const folder = (key: string): ObjectInfo => ({ key, size: 0, etag: "v", modifiedAt: 0 });

describe("a tree listed in pages", () => {
  let at: Workspace;

  beforeEach(async () => {
    at = await openWorkspace("sync");
  });
  afterEach(async () => {
    await at.close();
  });

  /** The second page comes so many turns of the queue of promises after it was asked for. */
  function paged(turns: number): Bucket {
    const { store } = at;
    const driver: Driver = {
      scheme: "mem",
      capabilities: store.capabilities,
      head: (key, options) => store.head(key, options),
      get: (key, options) => store.get(key, options),
      put: (key, body, options) => store.put(key, body, options),
      list: (prefix, options) => store.list(prefix, options),
      async *pages() {
        yield ["a/", "b/b/b/b/b/"].map(folder);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        yield ["c/", "d/", "e/", "f/", "g/", "h/", "i/", "j/", "k/"].map(folder);
      },
      delete: (key, options) => store.delete(key, options),
      close: () => store.close(),
    };
    return new Bucket(driver, (key) => `mem://store/${key}`);
  }

  it("is in its order at whatever moment a page comes", async () => {
    for (let turns = 0; turns < 60; turns++) {
      const directory = path.join(at.folder, turns.toString());
      await mkdir(directory);
      expect(await downloadTree(paged(turns), "", directory, at.options)).toMatchObject({ objects: 11 });
    }
  });
});
