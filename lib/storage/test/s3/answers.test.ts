import { describe, expect, it } from "vitest";
import { collect, expectBytes, expectCode, text } from "../../src/conformance/index.ts";
import type { S3Config } from "../../src/drivers/s3/config.ts";
import { found, scriptedStore } from "./scripted-store.ts";
import { errorBody } from "./scripted-wire.ts";

describe("an object that is read", () => {
  it.each([
    {
      name: "without a version",
      answer: { status: 200, headers: {}, body: "<html></html>" },
      code: "failed_precondition",
    },
    {
      name: "of a wrong checksum",
      answer: { status: 200, headers: { ...found, "x-amz-checksum-crc32": "AAAAAA==" }, body: "text" },
      code: "data_loss",
    },
    {
      name: "of a wrong Castagnoli checksum",
      answer: { status: 200, headers: { ...found, "x-amz-checksum-crc32c": "AAAAAA==" }, body: "text" },
      code: "data_loss",
    },
  ] as const)("$name is $code", async ({ answer, code }) => {
    await expectCode(collect(scriptedStore(() => answer).driver.get("key")), code);
  });

  it("whose parts have checksums is not compared with that of their checksums", async () => {
    const headers = { ...found, "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-type": "COMPOSITE" };
    expectBytes(await collect(scriptedStore(() => ({ status: 200, headers, body: "text" })).driver.get("key")), "text");
  });

  it.each([
    { name: "the whole", answer: { status: 200, headers: found, body: "text" } },
    {
      name: "another part",
      answer: { status: 206, headers: { ...found, "content-range": "bytes 0-1/4" }, body: "te" },
    },
    {
      name: "more than the part",
      answer: { status: 206, headers: { ...found, "content-range": "bytes 1-3/4" }, body: "ext" },
    },
    { name: "a part that does not say which", answer: { status: 206, headers: found, body: "ex" } },
    {
      name: "fewer bytes than it says",
      answer: { status: 206, headers: { ...found, "content-range": "bytes 1-2/4" }, body: "e" },
    },
  ])("in part is refused when the store gives $name", async ({ answer }) => {
    const read = scriptedStore(() => answer).driver.get("key", { range: { offset: 1, length: 2 } });
    await expectCode(read, "failed_precondition");
  });

  it("of another version is aborted even if the store knows no condition", async () => {
    const { driver } = scriptedStore(() => ({ status: 200, headers: found, body: "text" }));
    await expectCode(driver.get("key", { ifMatch: "v0" }), "aborted");
  });

  it("whose version a gateway calls weak is asked for by the store's own word", async () => {
    const headers = { ...found, etag: 'W/"v1"', "content-range": "bytes 1-2/4" };
    const { driver, sent } = scriptedStore(() => ({ status: 206, headers, body: "ex" }));
    expectBytes(await collect(driver.get("key", { range: { offset: 1, length: 2 }, ifMatch: "v1" })), "ex");
    expect(sent[0]?.headers["if-match"]).toBe('"v1"');
  });

  it("tells no MD5 where a key service encrypted it", async () => {
    const etag = `"${"0".repeat(32)}"`;
    const plain = scriptedStore(() => ({ status: 200, headers: { ...found, etag } }));
    const encrypted = scriptedStore(() => ({
      status: 200,
      headers: { ...found, etag, "x-amz-server-side-encryption": "aws:kms" },
    }));
    expect((await plain.driver.head("key")).contentMd5).toHaveLength(16);
    expect((await encrypted.driver.head("key")).contentMd5).toBeUndefined();
  });

  it("is paid for by the reader, encrypted and hashed as configured", async () => {
    const { driver, sent } = scriptedStore(() => ({ status: 200, headers: found }), {
      requesterPays: true,
      encryption: { kind: "aws:kms", keyId: "key-1" },
      checksum: "sha256",
    });
    await driver.put("key", text("text"));
    expect(sent[0]?.headers).toMatchObject({
      "x-amz-request-payer": "requester",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
      "x-amz-checksum-sha256": "mC2ePrmW9VnmM/TRlN7zdh2Qn1o7ZH0ahR/q1nwyydE=",
      authorization: expect.stringMatching(/SignedHeaders=.*x-amz-checksum-sha256.*x-amz-request-payer/) as string,
    });
  });
});

describe("the hash of a body", () => {
  const hashOf = async (config: Partial<S3Config>, bytes: number): Promise<string | undefined> => {
    const { driver, sent } = scriptedStore(() => ({ status: 200, headers: found }), config);
    await driver.put("key", new Uint8Array(bytes));
    return sent[0]?.headers["x-amz-content-sha256"];
  };

  it("is signed over plain http where the body is small, and where it is asked for", async () => {
    expect(await hashOf({ endpoint: "https://store" }, 10)).toBe("UNSIGNED-PAYLOAD");
    expect(await hashOf({}, 10)).toMatch(/^[0-9a-f]{64}$/);
    expect(await hashOf({}, 1024 * 1024 + 1)).toBe("UNSIGNED-PAYLOAD");
    expect(await hashOf({ endpoint: "https://store", signPayload: true }, 1024 * 1024 + 1)).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("a conditional write", () => {
  it("that meets another writer may be tried again, and one that is too late may not", async () => {
    const conflict = scriptedStore(() => ({ status: 409, body: errorBody("ConditionalRequestConflict") }));
    await expectCode(conflict.driver.put("key", text("x"), { ifAbsent: true }), "aborted");
    const late = scriptedStore(() => ({ status: 412, body: errorBody("PreconditionFailed") }));
    await expectCode(late.driver.put("key", text("x"), { ifAbsent: true }), "already_exists");
    expect(late.sent[0]?.headers["if-none-match"]).toBe("*");
  });

  it("is not sent to a store that does not heed it", async () => {
    const { driver, sent } = scriptedStore(() => ({ status: 200, headers: found }), { conditionalWrites: "none" });
    expect(driver.capabilities.ifAbsent).toBe(false);
    await expectCode(driver.put("key", text("x"), { ifAbsent: true }), "unimplemented");
    expect(sent).toEqual([]);
  });

  it("in parts is not begun at a store that heeds it only in one", async () => {
    const large = 8 * 1024 * 1024 + 1;
    async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
      yield await Promise.resolve(new Uint8Array(large));
    }
    const { driver, sent } = scriptedStore(() => ({ status: 200, headers: found }), { conditionalWrites: "single" });
    await expectCode(driver.put("key", body(), { ifAbsent: true }), "unimplemented");
    expect(sent).toEqual([]);
    const parts = driver.multipart?.complete({ key: "key", id: "u" }, [], { ifAbsent: true });
    await expectCode(Promise.resolve(parts), "unimplemented");
  });
});

describe("a delete", () => {
  it("of what is absent succeeds, in a bucket that is absent it does not", async () => {
    await scriptedStore(() => ({ status: 404, body: errorBody("NoSuchKey") })).driver.delete("key");
    await expectCode(
      scriptedStore(() => ({ status: 404, body: errorBody("NoSuchBucket") })).driver.delete("key"),
      "not_found",
    );
  });
});
