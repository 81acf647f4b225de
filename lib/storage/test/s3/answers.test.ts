import type { Clock } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { collect, expectBytes, expectCode, text } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import type { S3Config } from "../../src/drivers/s3/config.ts";
import { openS3Driver } from "../../src/drivers/s3/driver.ts";
import type { WireRequest } from "../../src/wire/exchange.ts";
import { withRetry } from "../../src/with-retry.ts";
import { wallClock } from "../file-store.ts";
import { instantClock } from "../instant-clock.ts";
import { errorBody, type ScriptedAnswer, scriptedWire } from "./scripted-wire.ts";

const credentials = { accessKeyId: "AKTEST", secretAccessKey: "SKTESTSECRET" };
const found = { etag: '"v1"', "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT", "content-length": "4" };

interface Store {
  readonly driver: Driver;
  readonly sent: readonly WireRequest[];
}

/** A store whose answers no real one can be made to give. */
function store(answer: (request: WireRequest, index: number) => ScriptedAnswer, config: Partial<S3Config> = {}): Store {
  const wire = scriptedWire(answer);
  const provider = () => Promise.resolve(credentials);
  const settings = { bucket: "data", endpoint: "http://store", ...config };
  return { driver: openS3Driver(settings, { clock: wallClock, wire, credentials: provider }), sent: wire.sent };
}

async function keysOf(driver: Driver, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of driver.list(prefix)) keys.push(key);
  return keys;
}

function page(keys: readonly string[], next?: string): ScriptedAnswer {
  const entries = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&quot;</ETag><Size>1</Size></Contents>`,
  );
  const more =
    next === undefined ? "false" : `true</IsTruncated><NextContinuationToken>${next}</NextContinuationToken>`;
  const truncated = next === undefined ? "<IsTruncated>false</IsTruncated>" : `<IsTruncated>${more}`;
  const body = `<ListBucketResult><EncodingType>url</EncodingType>${truncated}${entries.join("")}</ListBucketResult>`;
  return { status: 200, body };
}

describe("a listing", () => {
  it("goes from page to page by the store's tokens", async () => {
    const { driver, sent } = store((_request, index) =>
      index === 0 ? page(["p/a", "p/b"], "t/1+") : page(["p/c%2Bd+e"]),
    );
    expect(await keysOf(driver, "p/")).toEqual(["p/a", "p/b", "p/c+d e"]);
    expect(sent.map(({ target }) => /continuation-token=([^&]*)/.exec(target)?.[1])).toEqual([undefined, "t%2F1%2B"]);
  });

  it.each([
    { name: "a page that repeats its token and its keys", answer: () => page(["p/a"], "again") },
    { name: "empty pages that repeat their token", answer: () => page([], "again") },
    { name: "a key outside the prefix", answer: () => page(["p/a", "q"]) },
    { name: "keys out of order", answer: () => page(["p/b", "p/a"]) },
    { name: "a key that is not UTF-8", answer: () => page(["p/%FF"]) },
    { name: "a further page without a token", answer: () => page(["p/a"], "") },
    {
      name: "an entry without a size",
      answer: () => ({ status: 200, body: "<ListBucketResult><Contents><Key>p/a</Key></Contents></ListBucketResult>" }),
    },
  ])("with $name ends in an error", async ({ answer }) => {
    const { driver, sent } = store(answer);
    await expectCode(keysOf(driver, "p/"), "internal");
    expect(sent.length).toBeLessThanOrEqual(2);
  });

  it("of empty pages that lead on for ever ends in an error that is not worth another attempt", async () => {
    const { driver, sent } = store((_request, index) => page([], `token-${index}`));
    await expectCode(keysOf(withRetry(driver, {}, { clock: instantClock() }), "p/"), "failed_precondition");
    expect(sent).toHaveLength(1000);
  });

  it("goes on behind empty pages, however many stand between objects", async () => {
    const gaps = new Map([
      [0, ["p/a"]],
      [998, ["p/b"]],
    ]);
    const { driver } = store((_request, index) =>
      page(gaps.get(index) ?? [], index < 1900 ? `token-${index}` : undefined),
    );
    expect(await keysOf(driver, "p/")).toEqual(["p/a", "p/b"]);
  });

  it.each([
    { name: "a web page", body: "<!doctype html><html><body>Hello</body></html>" },
    { name: "half a document", body: "<ListBucketResult><Contents><Key>p/a</Key>" },
    { name: "another document", body: "<ListAllMyBucketsResult></ListAllMyBucketsResult>" },
    { name: "nothing", body: "" },
  ])("that is $name is no listing", async ({ body }) => {
    await expectCode(keysOf(store(() => ({ status: 200, body })).driver, ""), "failed_precondition");
  });

  it("of a name that begins with a dot asks stores with folders for the folder", async () => {
    const { driver, sent } = store(() => page(["p/-x", "p/.d", "p/.e", "p/0", "p/1"]), { flatKeys: false });
    expect(await keysOf(driver, "p/.")).toEqual(["p/.d", "p/.e"]);
    expect(sent[0]?.target).toContain("prefix=p%2F&start-after=p%2F-");
  });
});

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
    await expectCode(collect(store(() => answer).driver.get("key")), code);
  });

  it("whose parts have checksums is not compared with that of their checksums", async () => {
    const headers = { ...found, "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-type": "COMPOSITE" };
    expectBytes(await collect(store(() => ({ status: 200, headers, body: "text" })).driver.get("key")), "text");
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
    const read = store(() => answer).driver.get("key", { range: { offset: 1, length: 2 } });
    await expectCode(read, "failed_precondition");
  });

  it("of another version is aborted even if the store knows no condition", async () => {
    const { driver } = store(() => ({ status: 200, headers: found, body: "text" }));
    await expectCode(driver.get("key", { ifMatch: "v0" }), "aborted");
  });

  it("whose version a gateway calls weak is asked for by the store's own word", async () => {
    const headers = { ...found, etag: 'W/"v1"', "content-range": "bytes 1-2/4" };
    const { driver, sent } = store(() => ({ status: 206, headers, body: "ex" }));
    expectBytes(await collect(driver.get("key", { range: { offset: 1, length: 2 }, ifMatch: "v1" })), "ex");
    expect(sent[0]?.headers["if-match"]).toBe('"v1"');
  });

  it("tells no MD5 where a key service encrypted it", async () => {
    const etag = `"${"0".repeat(32)}"`;
    const plain = store(() => ({ status: 200, headers: { ...found, etag } }));
    const encrypted = store(() => ({
      status: 200,
      headers: { ...found, etag, "x-amz-server-side-encryption": "aws:kms" },
    }));
    expect((await plain.driver.head("key")).contentMd5).toHaveLength(16);
    expect((await encrypted.driver.head("key")).contentMd5).toBeUndefined();
  });

  it("is paid for by the reader, encrypted and hashed as configured", async () => {
    const { driver, sent } = store(() => ({ status: 200, headers: found }), {
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
    const { driver, sent } = store(() => ({ status: 200, headers: found }), config);
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
    const conflict = store(() => ({ status: 409, body: errorBody("ConditionalRequestConflict") }));
    await expectCode(conflict.driver.put("key", text("x"), { ifAbsent: true }), "aborted");
    const late = store(() => ({ status: 412, body: errorBody("PreconditionFailed") }));
    await expectCode(late.driver.put("key", text("x"), { ifAbsent: true }), "already_exists");
    expect(late.sent[0]?.headers["if-none-match"]).toBe("*");
  });

  it("is not sent to a store that does not heed it", async () => {
    const { driver, sent } = store(() => ({ status: 200, headers: found }), { conditionalWrites: "none" });
    expect(driver.capabilities.ifAbsent).toBe(false);
    await expectCode(driver.put("key", text("x"), { ifAbsent: true }), "unimplemented");
    expect(sent).toEqual([]);
  });

  it("in parts is not begun at a store that heeds it only in one", async () => {
    const large = 8 * 1024 * 1024 + 1;
    async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
      yield await Promise.resolve(new Uint8Array(large));
    }
    const { driver, sent } = store(() => ({ status: 200, headers: found }), { conditionalWrites: "single" });
    await expectCode(driver.put("key", body(), { ifAbsent: true }), "unimplemented");
    expect(sent).toEqual([]);
    const parts = driver.multipart?.complete({ key: "key", id: "u" }, [], { ifAbsent: true });
    await expectCode(Promise.resolve(parts), "unimplemented");
  });
});

describe("an upload in parts", () => {
  const upload = { key: "key", id: "u/1" };
  const parts = [{ number: 1, size: 4, etag: "p1" }];

  it.each([
    { name: "a failure", body: errorBody("InternalError"), code: "unavailable" },
    { name: "a failure after blanks", body: ` \n \n${errorBody("SlowDown")}`, code: "unavailable" },
    { name: "a part that is missing", body: errorBody("InvalidPart"), code: "failed_precondition" },
    { name: "a page for people", body: "<html></html>", code: "failed_precondition" },
    { name: "half an answer", body: "<CompleteMultipartUploadResult><ETag>", code: "failed_precondition" },
  ] as const)("that ends with status 200 and $name has failed", async ({ body, code }) => {
    const { driver } = store(() => ({ status: 200, body }));
    await expectCode(Promise.resolve(driver.multipart?.complete(upload, parts)), code);
  });

  it("is told its parts with version and checksum", async () => {
    const body = "<CompleteMultipartUploadResult><ETag>&quot;whole-1&quot;</ETag></CompleteMultipartUploadResult>";
    const { driver, sent } = store(() => ({ status: 200, headers: { etag: '"p1"' }, body }));
    const part = await driver.multipart?.putPart(upload, 1, text("text"));
    expect(await driver.multipart?.complete(upload, part === undefined ? [] : [part])).toEqual({
      etag: "whole-1",
      size: 4,
    });
    const [put, complete] = sent;
    expect(put?.target).toBe("/data/key?partNumber=1&uploadId=u%2F1");
    expect(put?.headers["x-amz-checksum-crc32"]).toBe("O4unxw==");
    expectBytes(
      complete?.body as Uint8Array,
      '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part><PartNumber>1</PartNumber><ETag>&#34;p1&#34;</ETag><ChecksumCRC32>O4unxw==</ChecksumCRC32></Part></CompleteMultipartUpload>',
    );
  });

  it("that a body's producer breaks off is aborted, even after the caller's signal", async () => {
    const controller = new AbortController();
    async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
      yield await Promise.resolve(new Uint8Array(6 * 1024 * 1024));
      controller.abort();
      yield new Uint8Array(1);
    }
    const created = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
    const { driver, sent } = store(() => ({ status: 200, headers: { etag: '"p"' }, body: created }), {
      partBytes: 5 * 1024 * 1024,
    });
    await expectCode(driver.put("key", body(), { signal: controller.signal }), "canceled");
    expect(sent.map(({ method, target }) => `${method} ${target}`)).toEqual([
      "POST /data/key?uploads=",
      "PUT /data/key?partNumber=1&uploadId=u",
      "DELETE /data/key?uploadId=u",
    ]);
    expect(sent.at(-1)?.signal).toBeUndefined();
  });

  describe("that fails and whose removal fails, too,", () => {
    async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
      for (;;) yield await Promise.resolve(new Uint8Array(1024 * 1024));
    }
    const created = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
    /** Every wait is over at once but that for a time limit, which never comes. */
    const untimed: Clock = {
      now: () => 0,
      sleep: (ms, { signal } = {}) =>
        ms < 10_000 ? Promise.resolve() : new Promise((_, reject) => signal?.addEventListener("abort", reject)),
    };
    /** Takes no part, and removes an upload when it is asked for the `removedAt`th time. */
    const failing = (removedAt: number): Store => {
      let removals = 0;
      return store(
        ({ method }) => {
          if (method === "DELETE") removals += 1;
          const fails = method === "PUT" || (method === "DELETE" && removals < removedAt);
          return { status: fails ? 503 : 200, body: created };
        },
        { partBytes: 5 * 1024 * 1024 },
      );
    };
    const removals = ({ sent }: Store): number => sent.filter(({ method }) => method === "DELETE").length;

    it("says that its parts stay", async () => {
      const left = failing(Number.POSITIVE_INFINITY);
      for (const driver of [left.driver, withRetry(left.driver, {}, { clock: untimed })]) {
        await expect(driver.put("key", endless())).rejects.toMatchObject({
          code: "unavailable",
          message: expect.stringContaining("the parts stored so far stay") as string,
        });
      }
      expect(removals(left)).toBe(1 + 1 + 5);
    });

    it("is removed by a later attempt, and then tells only why it failed", async () => {
      const late = failing(4);
      const put = withRetry(late.driver, {}, { clock: untimed }).put("key", endless());
      await expectCode(put, "unavailable");
      await expect(put).rejects.not.toThrow(/stay/);
      expect(removals(late)).toBe(4);
    });
  });
});

describe("a delete", () => {
  it("of what is absent succeeds, in a bucket that is absent it does not", async () => {
    await store(() => ({ status: 404, body: errorBody("NoSuchKey") })).driver.delete("key");
    await expectCode(store(() => ({ status: 404, body: errorBody("NoSuchBucket") })).driver.delete("key"), "not_found");
  });
});
