import { Buffer } from "node:buffer";
import { rm } from "node:fs/promises";
import { parseStorageUri } from "@flyte-dataplane/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Bucket } from "../src/bucket.ts";
import { bodyOf, expectCode, md5, someBytes, text } from "../src/conformance/index.ts";
import type { Driver } from "../src/driver.ts";
import { createStores, readObject, type Stores, statObject, writeObject } from "../src/index.ts";
import { temporaryFolder, wallClock } from "./file-store.ts";

let folder: string;
let stores: Stores;

beforeEach(async () => {
  folder = await temporaryFolder();
  stores = createStores({ clock: wallClock, file: { durability: "fast" } });
});

afterEach(async () => {
  await stores.close();
  await rm(folder, { recursive: true });
});

describe("stores", () => {
  it("read back what was written under an absolute path or its file URI", async () => {
    await writeObject(stores, `${folder}/a/b c`, text("x"));
    expect(Buffer.from(await readObject(stores, `file://${folder}/a/b%20c`, { maxBytes: 10 })).toString()).toBe("x");
  });

  it.each(["s3://bucket/key", "gs://bucket/key", "abfs://container@account/key", "abfss://container/key"])(
    "%s is unimplemented and its scheme named",
    async (uri) => {
      await expectCode(readObject(stores, uri, { maxBytes: 1 }), "unimplemented");
      await expect(readObject(stores, uri, { maxBytes: 1 })).rejects.toThrow(`"${uri.slice(0, uri.indexOf(":"))}"`);
    },
  );

  it("an object of the limit is read, one byte more is resource_exhausted and names the object", async () => {
    await writeObject(stores, `${folder}/o`, someBytes(100));
    expect((await readObject(stores, `${folder}/o`, { maxBytes: 100 })).byteLength).toBe(100);
    await expectCode(readObject(stores, `${folder}/o`, { maxBytes: 99 }), "resource_exhausted");
    await expect(readObject(stores, `${folder}/o`, { maxBytes: 99 })).rejects.toMatchObject({ ref: `${folder}/o` });
  });

  it("what is absent has no description, and reading it names operation and URI", async () => {
    expect(await statObject(stores, `${folder}/none`)).toBeUndefined();
    await expect(readObject(stores, `${folder}/none`, { maxBytes: 1 })).rejects.toMatchObject({
      code: "not_found",
      message: `get ${folder}/none: no such object`,
    });
  });

  it("share a bucket of memory among all who name it, and no other", async () => {
    await writeObject(stores, "mem://one/key", text("x"));
    expect(await statObject(stores, "mem://one/key")).toMatchObject({ size: 1 });
    expect(await statObject(stores, "mem://two/key")).toBeUndefined();
  });

  it("after close open nothing", async () => {
    const bucket = await stores.bucket(parseStorageUri(`${folder}/x`));
    await stores.close();
    await expectCode(stores.bucket(parseStorageUri(`${folder}/x`)), "failed_precondition");
    await expectCode(bucket.head("x"), "failed_precondition");
  });
});

describe("a bucket", () => {
  const open = async (): Promise<Bucket> => await stores.bucket(parseStorageUri("mem://bucket/x"));

  it.each([
    { name: "an empty key", key: "" },
    { name: "a key with NUL", key: "a\0b" },
    { name: "a key of half a character", key: "a\ud800" },
    { name: "a key of more than 1024 bytes", key: "é".repeat(513) },
  ])("refuses $name", async ({ key }) => {
    const bucket = await open();
    await expectCode(bucket.put(key, bodyOf(text("x"))), "invalid_argument");
    await expectCode(bucket.get(key), "invalid_argument");
  });

  it("takes a key of 1024 bytes", async () => {
    const bucket = await open();
    await bucket.write("é".repeat(512), text("x"));
    expect((await bucket.head("é".repeat(512))).size).toBe(1);
  });

  it("refuses ranges, lengths and digests that cannot be", async () => {
    const bucket = await open();
    await bucket.write("o", text("x"));
    for (const range of [{ offset: -1 }, { offset: 0.5 }, { offset: 0, length: Number.NaN }, { offset: 2 ** 60 }]) {
      await expectCode(bucket.get("o", { range }), "invalid_argument");
    }
    await expectCode(bucket.put("o", bodyOf(text("x")), { length: -1 }), "invalid_argument");
    await expectCode(bucket.put("o", bodyOf(text("x")), { contentMd5: new Uint8Array(15) }), "invalid_argument");
  });

  it("finds the MD5 of an object, known or not", async () => {
    const bytes = someBytes(300_000);
    await writeObject(stores, `${folder}/o`, bytes);
    const onDisk = await stores.bucket(parseStorageUri(`${folder}/o`));
    expect(Buffer.from(await onDisk.contentMd5(`${folder.slice(1)}/o`))).toEqual(Buffer.from(md5(bytes)));
    const bucket = await open();
    await bucket.write("o", bytes);
    expect(Buffer.from(await bucket.contentMd5("o"))).toEqual(Buffer.from(md5(bytes)));
  });

  it("refuses to sign where the store cannot", async () => {
    await expectCode((await open()).signGet("o", { expiresAt: 1 }), "unimplemented");
  });

  it.each([
    { name: "shorter", given: [3, 4] },
    { name: "longer", given: [3, 4, 5, 6] },
  ])("takes a body $name than announced for data_loss, never for the object", async ({ given }) => {
    const info = { key: "o", size: 3, etag: "1", modifiedAt: 0 };
    const bucket = new Bucket(
      driverOf({ get: () => Promise.resolve({ info, body: bodyOf(Uint8Array.from(given)) }) }),
      (key) => `x://${key}`,
    );
    await expectCode(bucket.read("o", { maxBytes: 10 }), "data_loss");
  });

  it("names operation and object for whatever a driver throws", async () => {
    const bucket = new Bucket(
      driverOf({ head: () => Promise.reject(new TypeError("a defect")) }),
      (key) => `x://${key}`,
    );
    await expect(bucket.head("o")).rejects.toMatchObject({
      code: "internal",
      ref: "x://o",
      message: "head x://o: unexpected failure: a defect",
    });
  });
});

/** A driver with just these methods. */
function driverOf(faults: Partial<Driver>): Driver {
  const unused = (): never => {
    throw new Error("not called by this test");
  };
  const capabilities = { ifAbsent: true, ifMatch: true, sign: false, multipart: false, metadata: true, flatKeys: true };
  return {
    scheme: "x",
    capabilities,
    head: unused,
    get: unused,
    put: unused,
    list: unused,
    delete: unused,
    close: unused,
    ...faults,
  };
}
