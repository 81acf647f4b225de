import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Bucket } from "../../src/bucket.ts";
import { expectBytes, expectCode, someBytes, text } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import { downloadFile } from "../../src/transfer/download-file.ts";
import type { Progress } from "../../src/transfer/options.ts";
import { lineCut } from "../faulty-driver.ts";
import { temporaryFolder } from "../file-store.ts";
import { filesBelow, openWorkspace, type Workspace } from "./workspace.ts";

const size = 700_001;
const bytes = someBytes(size, 11);

describe.each(["sync", "async"] as const)("an object fetched with %s writes", (writes) => {
  let at: Workspace;
  let file: string;

  beforeEach(async () => {
    at = await openWorkspace(writes);
    file = path.join(at.folder, "deep", "er", "file");
  });
  afterEach(async () => {
    expect(await at.leftovers()).toEqual([]);
    await at.close();
  });

  const gets = (): readonly Parameters<Driver["get"]>[1][] =>
    at.driver.calls.filter(({ operation }) => operation === "get").map(({ options }) => options);

  it.each([0, 1, 199_999, 200_000])("is the file, byte for byte, in one request: %d bytes", async (length) => {
    await at.store.put("object", bytes.subarray(0, length));
    expect(await downloadFile(at.bucket, "object", file, at.options)).toMatchObject({ key: "object", size: length });
    expectBytes(await readFile(file), bytes.subarray(0, length));
    expect(at.driver.calls).toHaveLength(1);
  });

  it.each([200_001, 4 * 65_536, size])("comes in ranges of one version where it is large: %d bytes", async (length) => {
    const { etag } = await at.store.put("object", bytes.subarray(0, length));
    await downloadFile(at.bucket, "object", file, at.options);
    expectBytes(await readFile(file), bytes.subarray(0, length));
    const [, ...ranges] = gets();
    expect(ranges).toHaveLength(Math.ceil(length / 65_536));
    expect(ranges.every((range) => range?.ifMatch === etag)).toBe(true);
  });

  it("that is replaced between two ranges is aborted, named, and leaves the file that was there", async () => {
    await at.store.put("object", bytes);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, "before");
    at.fault = ({ operation, count }) =>
      operation === "get" && count === 4 ? { first: () => at.store.put("object", someBytes(size, 12)) } : undefined;
    await expect(downloadFile(at.bucket, "object", file, at.options)).rejects.toMatchObject({
      code: "aborted",
      ref: "mem://store/object",
      message: expect.stringMatching(/^get mem:\/\/store\/object: /) as string,
    });
    expect(await readFile(file, "utf8")).toBe("before");
  });

  it.each([
    { name: "in one", length: 150_000, from: 1 },
    { name: "in ranges", length: size, from: 3 },
  ])("with a byte changed on the way, $name, is fetched again and then right", async ({ length, from }) => {
    await at.store.put("object", bytes.subarray(0, length));
    at.fault = ({ operation, count }) => (operation === "get" && count === from ? { flip: 40_000 } : undefined);
    await downloadFile(at.bucket, "object", file, at.options);
    expectBytes(await readFile(file), bytes.subarray(0, length));
  });

  it.each([
    { name: "in one", length: 150_000 },
    { name: "in ranges", length: size },
  ])("with a byte changed each time, $name, is data_loss and no file", async ({ length }) => {
    await at.store.put("object", bytes.subarray(0, length));
    at.fault = ({ operation }) => (operation === "get" ? { flip: 40_000 } : undefined);
    await expect(downloadFile(at.bucket, "object", file, at.options)).rejects.toMatchObject({
      code: "data_loss",
      ref: "mem://store/object",
    });
    expect(await filesBelow(at.folder)).toEqual({});
  });

  it.each([
    { name: "in one", length: 150_000 },
    { name: "in ranges", length: size },
  ])("is compared with its MD5 only where that is asked for, $name", async ({ length }) => {
    await at.store.put("object", bytes.subarray(0, length));
    const get: Driver["get"] = async (key, options) => {
      const read = await at.driver.get(key, options);
      const { checksums: _unknown, ...info } = read.info;
      return { ...read, info };
    };
    const bucket = new Bucket({ ...at.driver, get }, (key) => key);
    at.fault = ({ operation }) => (operation === "get" ? { flip: 5 } : undefined);
    await downloadFile(bucket, "object", file, at.options);
    const known = { ...at.options, verify: "known" } as const;
    await expectCode(downloadFile(bucket, "object", file, known), "data_loss");
    at.fault = () => undefined;
    await downloadFile(bucket, "object", file, known);
    expectBytes(await readFile(file), bytes.subarray(0, length));
  });

  it("that is absent is not_found, in one request", async () => {
    await expectCode(downloadFile(at.bucket, "absent", file, at.options), "not_found");
    expect(at.driver.calls).toHaveLength(1);
    expect(await filesBelow(at.folder)).toEqual({});
  });

  it.each([150_000, size])("of more than the bytes accepted is refused before it is read: %d bytes", async (length) => {
    await at.store.put("object", bytes.subarray(0, length));
    const failure = downloadFile(at.bucket, "object", file, { ...at.options, maxBytes: length - 1 });
    await expect(failure).rejects.toMatchObject({ code: "resource_exhausted", ref: "mem://store/object" });
    await downloadFile(at.bucket, "object", file, { ...at.options, maxBytes: length });
    expectBytes(await readFile(file), bytes.subarray(0, length));
  });

  it.each([
    { name: "in one", length: 150_000, at: 1 },
    { name: "in ranges", length: size, at: 3 },
  ])("whose line breaks, $name, leaves nothing and the file that was there", async ({ length, at: count }) => {
    await at.store.put("object", bytes.subarray(0, length));
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, "before");
    at.fault = (call) =>
      call.operation === "get" && call.count === count ? { cut: { after: 30_000, error: lineCut() } } : undefined;
    await expectCode(downloadFile(at.bucket, "object", file, at.options), "unavailable");
    expect(await readFile(file, "utf8")).toBe("before");
  });

  it.each([
    { name: "before it begins", count: 0 },
    { name: "at the first request", count: 1 },
    { name: "among the ranges", count: 4 },
  ])("ends with canceled when the caller aborts $name, and no file is left", async ({ count }) => {
    await at.store.put("object", bytes);
    const stop = new AbortController();
    if (count === 0) stop.abort();
    at.fault = (call) => (call.count === count ? { first: () => Promise.resolve(stop.abort()) } : undefined);
    const ended = downloadFile(at.bucket, "object", file, { ...at.options, signal: stop.signal });
    await expect(ended).rejects.toMatchObject({
      code: "canceled",
      ref: "mem://store/object",
      message: "get mem://store/object: canceled",
    });
    expect(await filesBelow(at.folder)).toEqual({});
  });

  it("replaces a link in its place and does not write through it", async () => {
    await at.store.put("object", text("new"));
    const outside = path.join(at.folder, "outside");
    await writeFile(outside, "old");
    await symlink(outside, path.join(at.folder, "link"));
    await downloadFile(at.bucket, "object", path.join(at.folder, "link"), at.options);
    expect(await readFile(outside, "utf8")).toBe("old");
    expect(await readFile(path.join(at.folder, "link"), "utf8")).toBe("new");
  });

  it("in whose place a folder stands is failed_precondition and names the file", async () => {
    await at.store.put("object", text("new"));
    await mkdir(path.join(file, "inner"), { recursive: true });
    await expect(downloadFile(at.bucket, "object", file, at.options)).rejects.toMatchObject({
      code: "failed_precondition",
      ref: file,
      message: `write ${file}: a folder stands in its place`,
    });
  });

  it("tells its progress at the pace of the clock, and the whole at the end", async () => {
    await at.store.put("object", bytes);
    const told: Progress[] = [];
    const onProgress = (progress: Progress): void => void told.push(progress);
    await downloadFile(at.bucket, "object", file, { ...at.options, onProgress });
    // The clock stands still: nothing is due before the end.
    expect(told).toEqual([{ bytes: size, objects: 1 }]);
    await downloadFile(at.bucket, "object", file, { ...at.options, onProgress, progressEveryMs: 0 });
    const later = told.slice(1);
    expect(later.length).toBeGreaterThan(10);
    expect(later.map((progress) => progress.bytes)).toEqual(
      later.map((progress) => progress.bytes).toSorted((a, b) => a - b),
    );
    expect(later.at(-1)).toEqual({ bytes: size, objects: 1 });
  });

  it("keeps the code and the reason of whatever its folder fails with", async () => {
    await at.store.put("object", text("x"));
    await writeFile(path.join(at.folder, "deep"), "a file");
    const error: unknown = await downloadFile(at.bucket, "object", file, at.options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataPlaneError);
    expect(error).toMatchObject({ code: "failed_precondition" });
  });
});

describe("a disk that is too small", () => {
  it.for([
    { name: "before the first byte", length: 2_000_000, wholeBytes: 32_000_000 },
    { name: "before the first range", length: 2_000_000, wholeBytes: 100_000 },
    // Small objects are not measured beforehand.
    { name: "on the way", length: 500_000, wholeBytes: 32_000_000 },
  ])("gives resource_exhausted with the numbers $name, and keeps nothing", async ({ length, wholeBytes }, context) => {
    context.skip(!mayMount(), "this machine lets nobody have a mount namespace of their own");
    const folder = await temporaryFolder();
    const [error, left] = downloadToSmallDisk(folder, length, wholeBytes);
    expect(error).toMatchObject({ code: "resource_exhausted" });
    expect(error.message).toContain(`write ${folder}/small/file: the disk is full: the object has ${length} bytes`);
    expect(left).toEqual([]);
    await rm(folder, { recursive: true });
  });
});

function mayMount(): boolean {
  return spawnSync("unshare", ["--user", "--map-root-user", "--mount", "true"]).status === 0;
}

/** Downloads into a file system of 256 KiB, in a mount namespace of its own. */
function downloadToSmallDisk(
  folder: string,
  length: number,
  wholeBytes: number,
): readonly [{ readonly code: string; readonly message: string }, readonly string[]] {
  const dist = (file: string): string => JSON.stringify(new URL(`../../dist/${file}`, import.meta.url).href);
  const program = `
    import { readdir } from "node:fs/promises";
    import { openMemoryDriver } from ${dist("drivers/memory/driver.js")};
    import { Bucket, downloadFile } from ${dist("index.js")};
    const clock = { now: () => 0, sleep: () => Promise.reject(new Error("nothing here sleeps")) };
    const driver = openMemoryDriver({ clock });
    await driver.put("object", new Uint8Array(${length}).fill(1));
    const bucket = new Bucket(driver, (key) => key);
    const sizes = { wholeBytes: ${wholeBytes}, pieceBytes: 65536 };
    const failure = await downloadFile(bucket, "object", "${folder}/small/file", { clock, sizes }).then(
      () => ({ code: "stored", message: "" }),
      ({ code, message }) => ({ code, message }),
    );
    console.log(JSON.stringify([failure, await readdir("${folder}/small")]));`;
  const script = `mkdir ${folder}/small && mount -t tmpfs -o size=256k tmpfs ${folder}/small && exec ${process.execPath} --input-type=module`;
  const output = execFileSync("unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", script], {
    input: program,
  });
  return JSON.parse(output.toString()) as ReturnType<typeof downloadToSmallDisk>;
}
