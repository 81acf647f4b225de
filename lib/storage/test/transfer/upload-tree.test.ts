import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collect, expectBytes, expectCode, someBytes } from "../../src/conformance/index.ts";
import type { TreeResult } from "../../src/transfer/options.ts";
import { uploadTree } from "../../src/transfer/upload-tree.ts";
import { lineCut } from "../faulty-driver.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

describe.each(["sync", "async"] as const)("a tree stored with %s reads", (writes) => {
  let at: Workspace;
  let source: string;

  beforeEach(async () => {
    at = await openWorkspace(writes);
    source = path.join(at.folder, "source");
    await mkdir(path.join(source, "inner", "empty"), { recursive: true });
    await writeFile(path.join(source, "a"), "a");
    await writeFile(path.join(source, "inner", "b"), "bb");
  });
  afterEach(async () => {
    expect(await at.leftovers()).toEqual([]);
    await at.close();
  });

  const upload = (options: object = {}): Promise<TreeResult> =>
    uploadTree(at.bucket, source, "t/", { ...at.options, ...options });
  const keys = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { key } of at.store.list("")) found.push(key);
    return found;
  };

  it("has every file under the prefix and its relative path; empty folders vanish", async () => {
    expect(await upload()).toEqual({ objects: 2, bytes: 3 });
    expect(await keys()).toEqual(["t/a", "t/inner/b"]);
    expect(at.driver.calls).toHaveLength(2);
  });

  it("has every file of folders with more entries than one read of a folder brings", async () => {
    const names = Array.from({ length: 300 }, (_none, index) => `${index}`);
    for (const name of names) {
      await writeFile(path.join(source, name), name);
      await writeFile(path.join(source, "inner", name), name);
    }
    expect(await upload()).toMatchObject({ objects: 602 });
    expect(new Set(await keys())).toEqual(
      new Set(["t/a", "t/inner/b", ...names.flatMap((name) => [`t/${name}`, `t/inner/${name}`])]),
    );
  });

  it("has large files among small ones", async () => {
    const large = someBytes(500_000);
    for (const name of ["x", "y"]) await writeFile(path.join(source, name), large);
    expect(await upload()).toMatchObject({ objects: 4 });
    for (const name of ["x", "y"]) expectBytes(await collect(at.store.get(`t/${name}`)), large);
  });

  it("has the file behind a link that stays inside", async () => {
    await symlink("../a", path.join(source, "inner", "link"));
    await upload();
    expectBytes(await collect(at.store.get("t/inner/link")), "a");
  });

  it.each([
    { name: "a link that leads out", target: "/etc/hostname", code: "permission_denied" },
    {
      name: "a link that leads out and back in by its text",
      target: "../source/../../outside",
      code: "permission_denied",
    },
    { name: "a link that leads nowhere", target: "nowhere", code: "not_found" },
    { name: "a link to a folder", target: "inner", code: "failed_precondition" },
    { name: "a link in a circle", target: "link", code: "not_found" },
  ] as const)("with $name is refused and the link named", async ({ target, code }) => {
    await writeFile(path.join(at.folder, "..", "outside"), "").catch(() => undefined);
    const link = path.join(source, "link");
    await symlink(target, link);
    await expect(upload()).rejects.toMatchObject({ code, origin: "user", ref: link });
    expect(await keys()).not.toContain("t/link");
  });

  it("with a pipe is refused, not waited for", async () => {
    const pipe = path.join(source, "pipe");
    execFileSync("mkfifo", [pipe]);
    await expect(upload()).rejects.toMatchObject({ code: "failed_precondition", ref: pipe });
  });

  it("that is itself behind a link is followed there", async () => {
    const link = path.join(at.folder, "link");
    await symlink(source, link);
    source = link;
    expect(await upload()).toMatchObject({ objects: 2 });
  });

  it("that is absent or a file is refused and named", async () => {
    source = path.join(at.folder, "absent");
    await expect(upload()).rejects.toMatchObject({ code: "not_found", ref: source });
    source = path.join(at.folder, "file");
    await writeFile(source, "");
    await expect(upload()).rejects.toMatchObject({ code: "failed_precondition", ref: source });
  });

  it("ends with its first failure; no upload is left and no object half there", async () => {
    const large = someBytes(500_000);
    for (let index = 0; index < 30; index++) await writeFile(path.join(source, `f${index}`), large);
    at.fault = ({ operation, count }) => (operation === "put part" && count === 12 ? { refuse: lineCut() } : undefined);
    await expectCode(upload(), "unavailable");
    const stored = await keys();
    expect(stored.length).toBeLessThan(10);
    for (const key of stored.filter((name) => name.startsWith("t/f"))) {
      expectBytes(await collect(at.store.get(key)), large);
    }
  });

  it("ends with canceled when the caller aborts", async () => {
    const stop = new AbortController();
    at.fault = ({ operation }) => (operation === "put" ? { first: () => Promise.resolve(stop.abort()) } : undefined);
    await expect(upload({ signal: stop.signal })).rejects.toMatchObject({
      code: "canceled",
      ref: expect.stringMatching(/^(mem:|\/)/) as string,
    });
  });
});
