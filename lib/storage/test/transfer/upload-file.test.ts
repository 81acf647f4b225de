import { execFileSync } from "node:child_process";
import { appendFile, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collect, expectBytes, expectCode, someBytes, text } from "../../src/conformance/index.ts";
import { uploadFile } from "../../src/transfer/upload-file.ts";
import { type Call, type Fault, lineCut } from "../faulty-driver.ts";
import { openWorkspace, smallSizes, type Workspace } from "./workspace.ts";

const size = 700_001;
const bytes = someBytes(size, 21);
const mebibyte = 1024 * 1024;

describe.each(["sync", "async"] as const)("a file stored with %s reads", (writes) => {
  let at: Workspace;
  let file: string;

  beforeEach(async () => {
    at = await openWorkspace(writes);
    file = path.join(at.folder, "file");
    await writeFile(file, bytes);
  });
  afterEach(async () => {
    expect(await at.leftovers()).toEqual([]);
    await at.close();
  });

  const operations = (): readonly string[] => at.driver.calls.map(({ operation }) => operation);
  const when = (operation: Call["operation"], count: number, fault: Fault): void => {
    at.fault = (call) => (call.operation === operation && call.count === count ? fault : undefined);
  };

  it.each([0, 1, 199_999, 200_000])("is the object, byte for byte, in one request: %d bytes", async (length) => {
    await truncate(file, length);
    const put = await uploadFile(at.bucket, file, "object", at.options);
    expect(put).toMatchObject({ size: length, etag: (await at.store.head("object")).etag });
    expect(operations()).toEqual(["put"]);
    expectBytes(await collect(at.store.get("object")), bytes.subarray(0, length));
  });

  it("of more than can be read beforehand goes from the disk in one request", async () => {
    const large = someBytes(2 * mebibyte, 22);
    await writeFile(file, large);
    const sizes = { ...smallSizes, wholeBytes: 4 * mebibyte };
    await uploadFile(at.bucket, file, "object", { ...at.options, sizes });
    expect(operations()).toEqual(["put"]);
    expectBytes(await collect(at.store.get("object")), large);
  });

  it.each([200_001, 4 * 65_536, size])("goes in parts where it is large: %d bytes", async (length) => {
    await truncate(file, length);
    await uploadFile(at.bucket, file, "object", { ...at.options, contentType: "text/csv", metadata: { a: "b" } });
    expect(operations().filter((operation) => operation === "put part")).toHaveLength(Math.ceil(length / 65_536));
    expect(operations().at(-1)).toBe("complete upload");
    expectBytes(await collect(at.store.get("object")), bytes.subarray(0, length));
    expect(await at.store.head("object")).toMatchObject({ contentType: "text/csv", metadata: { a: "b" } });
  });

  it("is whole where more of its parts are on the way than are read beforehand", async () => {
    const sizes = { ...smallSizes, fewestPieces: 8, mostPieces: 8 };
    await uploadFile(at.bucket, file, "object", { ...at.options, sizes });
    expectBytes(await collect(at.store.get("object")), bytes);
  });

  it.each([1000, size])("with ifAbsent does not replace an object: %d bytes", async (length) => {
    await truncate(file, length);
    await at.store.put("object", text("first"));
    await expectCode(uploadFile(at.bucket, file, "object", { ...at.options, ifAbsent: true }), "already_exists");
    expectBytes(await collect(at.store.get("object")), "first");
  });

  it.each([
    { name: "the first part", operation: "put part", count: 1 },
    { name: "a later part", operation: "put part", count: 5 },
    { name: "the completion", operation: "complete upload", count: 1 },
  ] as const)("of which $name fails leaves no upload and no object", async ({ operation, count }) => {
    when(operation, count, { refuse: lineCut() });
    await expect(uploadFile(at.bucket, file, "object", at.options)).rejects.toMatchObject({
      code: "unavailable",
      ref: "mem://store/object",
    });
    await expectCode(at.store.head("object"), "not_found");
    expect(operations().at(-1)).toBe("abort upload");
  });

  it.each([
    { name: "before it begins", operation: "create upload", count: 0 },
    { name: "among the parts", operation: "put part", count: 3 },
    { name: "at the completion", operation: "complete upload", count: 1 },
  ] as const)("ends with canceled when the caller aborts $name, without upload or object", async (step) => {
    const stop = new AbortController();
    if (step.count === 0) stop.abort();
    when(step.operation, step.count, { first: () => Promise.resolve(stop.abort()) });
    const ended = uploadFile(at.bucket, file, "object", { ...at.options, signal: stop.signal });
    await expect(ended).rejects.toMatchObject({ code: "canceled", ref: "mem://store/object" });
    await expectCode(at.store.head("object"), "not_found");
  });

  it("whose upload cannot be removed either says that its parts stay", async () => {
    const forbidden = new DataPlaneError("permission_denied", "the store refuses it");
    at.fault = ({ operation, count }) => {
      if (operation === "put part" && count === 2) return { refuse: lineCut() };
      return operation === "abort upload" ? { refuse: forbidden } : undefined;
    };
    const failure = uploadFile(at.bucket, file, "object", at.options);
    await expectCode(failure, "unavailable");
    await expect(failure).rejects.toThrow(/the line was cut; the parts stored so far stay: .*the store refuses it/);
    expect(await at.leftovers()).toEqual(["1 uploads under way"]);
    const [upload] = at.driver.calls.filter(({ operation }) => operation === "abort upload");
    await at.store.multipart?.abort({ key: upload?.key ?? "", id: "object:1" });
  });

  const changes: readonly { readonly name: string; readonly change: (file: string) => Promise<void> }[] = [
    { name: "grows", change: (changed) => appendFile(changed, "more") },
    { name: "is written to in its middle", change: (changed) => utimes(changed, 1, 1) },
    { name: "shrinks", change: (changed) => truncate(changed, 150_000) },
  ];
  it.each(changes)(
    "that $name while its parts are sent is an error of the user, without upload or object",
    async (c) => {
      when("put part", 9, { first: () => c.change(file) });
      await expect(uploadFile(at.bucket, file, "object", at.options)).rejects.toMatchObject({ origin: "user" });
      await expectCode(at.store.head("object"), "not_found");
    },
  );

  it.each(changes)("that $name while it is sent in one request is an error of the user, without object", async (c) => {
    await writeFile(file, someBytes(2 * mebibyte, 22));
    when("put", 1, { first: () => c.change(file) });
    const sizes = { ...smallSizes, wholeBytes: 4 * mebibyte };
    await expect(uploadFile(at.bucket, file, "object", { ...at.options, sizes })).rejects.toMatchObject({
      origin: "user",
    });
    await expectCode(at.store.head("object"), "not_found");
  });

  it("has parts of the store's least size where fewer bytes were wished for", async () => {
    await uploadFile(at.bucket, file, "object", { ...at.options, sizes: { ...smallSizes, pieceBytes: 10 } });
    expect(operations().filter((operation) => operation === "put part")).toHaveLength(1);
    expectBytes(await collect(at.store.get("object")), bytes);
  });

  it("that is a link, a pipe, a folder or absent is refused and named", async () => {
    await symlink(file, path.join(at.folder, "link"));
    execFileSync("mkfifo", [path.join(at.folder, "pipe")]);
    for (const [name, code] of [
      ["link", "failed_precondition"],
      ["pipe", "failed_precondition"],
      ["", "failed_precondition"],
      ["absent", "not_found"],
    ] as const) {
      const refused = path.join(at.folder, name);
      await expect(uploadFile(at.bucket, refused, "object", at.options)).rejects.toMatchObject({ code, ref: refused });
    }
    expect(at.driver.calls).toEqual([]);
  });
});
