import { readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectCode, someBytes, text } from "../../src/conformance/index.ts";
import { downloadTree } from "../../src/transfer/download-tree.ts";
import type { TreeResult } from "../../src/transfer/options.ts";
import { lineCut } from "../faulty-driver.ts";
import { filesBelow, openWorkspace, smallSizes, type Workspace } from "./workspace.ts";

const hex = (value: string): string => Buffer.from(value).toString("hex");

describe.each(["sync", "async"] as const)("a tree fetched with %s writes", (writes) => {
  let at: Workspace;
  let target: string;

  beforeEach(async () => {
    at = await openWorkspace(writes);
    target = path.join(at.folder, "target");
  });
  afterEach(async () => {
    expect(await at.leftovers()).toEqual([]);
    await at.close();
  });

  const store = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await at.store.put(key, text(key));
  };
  const download = (options: object = {}): Promise<TreeResult> =>
    downloadTree(at.bucket, "t/", target, { ...at.options, ...options });

  it("has every object under the rest of its key, and none of a sibling's", async () => {
    await store("t/a", "t/b/c", "t/b/d/e", "t2/x", "t", "u/y");
    expect(await download()).toEqual({ objects: 3, bytes: 3 + 5 + 7 });
    expect(await filesBelow(target)).toEqual({ a: hex("t/a"), "b/c": hex("t/b/c"), "b/d/e": hex("t/b/d/e") });
  });

  it("costs one request per object and the listing, whatever their number", async () => {
    await store(...Array.from({ length: 300 }, (_, index) => `t/${index % 7}/${index}`));
    expect(await download()).toMatchObject({ objects: 300 });
    const operations = at.driver.calls.map(({ operation }) => operation);
    expect(operations.filter((operation) => operation === "get")).toHaveLength(300);
    expect(operations.filter((operation) => operation !== "get")).toEqual(["list"]);
  });

  it("has large objects among small ones, which move one at a time in pieces", async () => {
    const large = someBytes(500_000);
    await Promise.all([0, 1, 2].map((index) => at.store.put(`t/large/${index}`, large)));
    await store("t/small/a", "t/small/b");
    expect(await download()).toMatchObject({ objects: 5 });
    const files = await filesBelow(target);
    for (const index of [0, 1, 2]) expect(files[`large/${index}`]).toBe(Buffer.from(large).toString("hex"));
  });

  it("without objects is an empty folder", async () => {
    expect(await download()).toEqual({ objects: 0, bytes: 0 });
    expect(await readdir(target)).toEqual([]);
  });

  it("has a folder for each marker without bytes", async () => {
    await at.store.put("t/", new Uint8Array(0));
    await at.store.put("t/empty/", new Uint8Array(0));
    await store("t/full/file");
    await download();
    expect((await stat(path.join(target, "empty"))).isDirectory()).toBe(true);
    expect(await filesBelow(target)).toEqual({ "full/file": hex("t/full/file") });
  });

  it.each(["t/../escape", "t//etc/passwd", "t/a/../../../escape", "t/./a", `t/${"n".repeat(256)}`])(
    "with the key %s is refused before that object is fetched, and the key is named",
    async (key) => {
      await store(key);
      await expect(download()).rejects.toMatchObject({ code: "invalid_argument", ref: `mem://store/${key}` });
      expect(at.driver.calls.map(({ operation }) => operation)).toEqual(["list"]);
      expect(await filesBelow(at.folder)).toEqual({});
    },
  );

  it("in which one name is a file and a folder is refused and the folder named", async () => {
    await store("t/a", "t/a/b");
    await expect(download({ sizes: { ...smallSizes, objects: 1 } })).rejects.toMatchObject({
      code: "failed_precondition",
      ref: path.join(target, "a"),
      message: expect.stringContaining("cannot be a file and a folder") as string,
    });
  });

  it("does not go through a link in a folder's place", async () => {
    await store("t/folder/file");
    await download();
    const outside = path.join(at.folder, "outside");
    await downloadTree(at.bucket, "t/none/", outside, at.options);
    target = path.join(at.folder, "second");
    await downloadTree(at.bucket, "t/none/", target, at.options);
    await symlink(outside, path.join(target, "folder"));
    await expectCode(download(), "failed_precondition");
    expect(await readdir(outside)).toEqual([]);
  });

  it("whose listing repeats itself ends with data_loss, not never", async () => {
    await store("t/a", "t/b");
    at.fault = ({ operation }) =>
      operation === "list" ? { listed: (objects) => [...objects, ...objects, ...objects] } : undefined;
    await expectCode(download(), "data_loss");
  });

  it("whose listing breaks off is no tree: what was complete stays, the call fails", async () => {
    await store("t/a", "t/b", "t/c");
    at.fault = ({ operation }) => (operation === "list" ? { cut: { after: 2, error: lineCut() } } : undefined);
    await expect(download()).rejects.toMatchObject({ code: "unavailable", ref: "mem://store/t/" });
  });

  it("ends with its first failure and begins no further object", async () => {
    await store(...Array.from({ length: 100 }, (_, index) => `t/${index}`));
    at.fault = ({ key }) =>
      key === "t/13" ? { refuse: new DataPlaneError("permission_denied", "not yours") } : undefined;
    await expect(download()).rejects.toMatchObject({ code: "permission_denied", ref: "mem://store/t/13" });
    expect(at.driver.calls.filter(({ operation }) => operation === "get").length).toBeLessThan(20);
  });

  it("of which several fail at once names each of them, and how many more there are", async () => {
    await store(...Array.from({ length: 30 }, (_, index) => `t/${index + 10}`));
    let waiting = 0;
    let release: () => void = () => undefined;
    const all = new Promise<void>((resolve) => {
      release = resolve;
    });
    at.fault = ({ operation }) => {
      if (operation !== "get") return undefined;
      waiting += 1;
      if (waiting === 25) release();
      return { first: () => all, refuse: lineCut() };
    };
    const error: unknown = await download({ sizes: { ...smallSizes, objects: 25 } }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "unavailable", ref: "mem://store/t/" });
    const { message } = error as Error;
    expect(message).toMatch(
      /^download mem:\/\/store\/t\/: 25 objects failed: get mem:\/\/store\/t\/10: the line was cut; /,
    );
    expect(message.match(/the line was cut/g)).toHaveLength(20);
    expect(message).toMatch(/; and 5 more$/);
  });

  it("that fails leaves each file whole or absent", async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => at.store.put(`t/${index}`, someBytes(100_000, index + 1))),
    );
    at.fault = ({ operation, count }) =>
      operation === "get" && count === 20 ? { cut: { after: 50_000, error: lineCut() } } : undefined;
    await expectCode(download(), "unavailable");
    const files = await filesBelow(target);
    expect(Object.keys(files).length).toBeGreaterThan(5);
    for (const [name, content] of Object.entries(files)) {
      expect(content).toBe(Buffer.from(someBytes(100_000, Number(name) + 1)).toString("hex"));
    }
  });

  it("ends with canceled and a name when the caller aborts, also while the listing is awaited", async () => {
    await store(...Array.from({ length: 50 }, (_, index) => `t/${index}`));
    for (const operation of ["get", "list"]) {
      const stop = new AbortController();
      at.fault = (call) =>
        call.operation === operation
          ? { first: () => Promise.resolve(stop.abort()), listed: () => (stop.abort(), []) }
          : undefined;
      const ended = download({ signal: stop.signal });
      await expect(ended).rejects.toMatchObject({ code: "canceled", ref: expect.stringMatching(/^mem:/) as string });
    }
  });

  it("with an object of more than the bytes accepted fails with its size", async () => {
    await at.store.put("t/large", someBytes(1001));
    await expect(download({ maxBytes: 1000 })).rejects.toThrow(/t\/large: the object has 1001 bytes/);
  });

  it("replaces what stands in the files' places", async () => {
    await store("t/a");
    await download();
    await writeFile(path.join(target, "a"), "older, and longer than what comes");
    await download();
    expect(await readFile(path.join(target, "a"), "utf8")).toBe("t/a");
  });
});
