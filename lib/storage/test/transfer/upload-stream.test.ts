import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Bucket } from "../../src/bucket.ts";
import {
  bodyOf,
  collect,
  expectBytes,
  expectCode,
  failingBody,
  someBytes,
  stallingBody,
} from "../../src/conformance/index.ts";
import type { Multipart } from "../../src/driver.ts";
import { uploadStream } from "../../src/transfer/upload-stream.ts";
import { lineCut } from "../faulty-driver.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

const part = 65_536;

describe("a body of unknown length", () => {
  let at: Workspace;

  beforeEach(async () => {
    at = await openWorkspace();
  });
  afterEach(async () => {
    expect(await at.leftovers()).toEqual([]);
    await at.close();
  });

  const parts = (): number => at.driver.calls.filter(({ operation }) => operation === "put part").length;

  it.each([
    { name: "no bytes", size: 0, expected: 0 },
    { name: "a part exactly", size: part, expected: 0 },
    { name: "a part and one byte", size: part + 1, expected: 2 },
    { name: "two parts exactly", size: 2 * part, expected: 2 },
    { name: "many parts", size: 23 * part + 5, expected: 24 },
  ])("is the object, in as few requests as its parts: $name", async ({ size, expected }) => {
    for (const chunkBytes of [1000, part, 200_000]) {
      await uploadStream(at.bucket, `object-${chunkBytes}`, bodyOf(someBytes(size), chunkBytes), at.options);
      expectBytes(await collect(at.store.get(`object-${chunkBytes}`)), someBytes(size));
    }
    expect(parts()).toBe(3 * expected);
  });

  it("is never in memory in more parts than allowed", async () => {
    let inMemory = 0;
    let most = 0;
    at.fault = ({ operation }) => {
      if (operation !== "put part") return undefined;
      inMemory += 1;
      most = Math.max(most, inMemory);
      return { first: async () => void (inMemory -= await new Promise<number>((resolve) => setImmediate(resolve, 1))) };
    };
    await uploadStream(at.bucket, "object", bodyOf(someBytes(40 * part)), at.options);
    expect(most).toBe(4);
  });

  it("whose producer fails leaves neither upload nor object, and the producer's error is kept", async () => {
    const body = failingBody(someBytes(5 * part), new Error("the pipe burst"));
    await expect(uploadStream(at.bucket, "object", body, at.options)).rejects.toThrow("the pipe burst");
    await expectCode(at.store.head("object"), "not_found");
  });

  it.each([10, 3 * part])("that falls silent after %d bytes ends when the caller aborts", async (size) => {
    const stop = new AbortController();
    const { body, silent } = stallingBody(someBytes(size));
    const upload = uploadStream(at.bucket, "object", body, { ...at.options, signal: stop.signal });
    await silent;
    stop.abort();
    await expectCode(upload, "canceled");
    await expectCode(at.store.head("object"), "not_found");
  });

  it("that falls silent does not hide that a part failed", async () => {
    const { body, silent } = stallingBody(someBytes(3 * part));
    at.fault = ({ operation, count }) =>
      operation === "put part" && count === 2 ? { first: () => silent, refuse: lineCut() } : undefined;
    await expectCode(uploadStream(at.bucket, "object", body, at.options), "unavailable");
    await expectCode(at.store.head("object"), "not_found");
  });

  const limited = (maxParts: number): Bucket => {
    const { multipart } = at.driver;
    if (multipart === undefined) throw new Error("memory takes parts");
    const few: Multipart = { ...multipart, limits: { ...multipart.limits, maxParts } };
    return new Bucket({ ...at.driver, multipart: few }, (key) => key);
  };

  it("has larger parts once half of their numbers are used up", async () => {
    await uploadStream(limited(6), "object", bodyOf(someBytes(8 * part)), at.options);
    expect(parts()).toBe(6);
    expectBytes(await collect(at.store.get("object")), someBytes(8 * part));
  });

  it("longer than all parts together is refused, and nothing is left", async () => {
    await expectCode(uploadStream(limited(4), "object", bodyOf(someBytes(7 * part)), at.options), "invalid_argument");
    await expectCode(at.store.head("object"), "not_found");
  });

  it("goes to a store without parts as it comes", async () => {
    const { multipart: _none, ...driver } = at.driver;
    const plain = { ...driver, capabilities: { ...driver.capabilities, multipart: false } };
    await uploadStream(new Bucket(plain, (key) => key), "object", bodyOf(someBytes(5 * part)), at.options);
    expectBytes(await collect(at.store.get("object")), someBytes(5 * part));
  });
});
