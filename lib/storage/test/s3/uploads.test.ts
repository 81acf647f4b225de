import { abortError, type Clock } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { expectBytes, expectCode, text } from "../../src/conformance/index.ts";
import type { S3Credentials } from "../../src/drivers/s3/credentials/credentials.ts";
import { openS3Driver } from "../../src/drivers/s3/driver.ts";
import type { WireClient } from "../../src/wire/exchange.ts";
import { withRetry } from "../../src/with-retry.ts";
import { type Store, scriptedStore } from "./scripted-store.ts";
import { errorBody, scriptedWire } from "./scripted-wire.ts";

async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) yield await Promise.resolve(new Uint8Array(1024 * 1024));
}
const created = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";

function unanswered(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted === true) reject(abortError(signal));
    else signal?.addEventListener("abort", () => reject(abortError(signal)));
  });
}

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
    const { driver } = scriptedStore(() => ({ status: 200, body }));
    await expectCode(Promise.resolve(driver.multipart?.complete(upload, parts)), code);
  });

  it("is told its parts with version and checksum", async () => {
    const body = "<CompleteMultipartUploadResult><ETag>&quot;whole-1&quot;</ETag></CompleteMultipartUploadResult>";
    const { driver, sent } = scriptedStore(() => ({ status: 200, headers: { etag: '"p1"' }, body }));
    const part = await driver.multipart?.putPart(upload, 1, text("text"));
    expect(await driver.multipart?.complete(upload, part === undefined ? [] : [part])).toEqual({
      etag: "whole-1",
      size: 4,
    });
    const [put, complete] = sent;
    expect(put?.target).toBe("/data/key?partNumber=1&uploadId=u%2F1");
    expect(put?.headers["x-amz-checksum-crc32"]).toBe("O4unxw==");
    // A store may write all of a large object anew before it answers.
    expect([put?.answersLate, complete?.answersLate]).toEqual([undefined, true]);
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
    const { driver, sent } = scriptedStore(() => ({ status: 200, headers: { etag: '"p"' }, body: created }), {
      partBytes: 5 * 1024 * 1024,
    });
    await expectCode(driver.put("key", body(), { signal: controller.signal }), "canceled");
    expect(sent.map(({ method, target }) => `${method} ${target}`)).toEqual([
      "POST /data/key?uploads=",
      "PUT /data/key?partNumber=1&uploadId=u",
      "DELETE /data/key?uploadId=u",
    ]);
    expect(sent.at(-1)?.signal).not.toBe(controller.signal);
  });

  it("is given up on after 10 s where the store never answers its removal", async () => {
    const waits: number[] = [];
    const clock: Clock = {
      now: () => 0,
      sleep(ms) {
        waits.push(ms);
        return Promise.resolve();
      },
    };
    const answering = scriptedWire(({ method }) => ({ status: method === "PUT" ? 503 : 200, body: created }));
    const wire: WireClient = {
      ...answering,
      send: (request) => (request.method === "DELETE" ? unanswered(request.signal) : answering.send(request)),
    };
    const credentials = (): Promise<S3Credentials> => Promise.resolve({ accessKeyId: "AK", secretAccessKey: "SK" });
    const settings = { bucket: "data", endpoint: "http://store", partBytes: 5 * 1024 * 1024 };
    const driver = openS3Driver(settings, { clock, wire, credentials });
    await expect(driver.put("key", endless())).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("the parts stored so far stay") as string,
    });
    expect(waits).toEqual([10_000]);
  });

  describe("that fails and whose removal fails, too,", () => {
    /** Every wait is over at once but that for a time limit, which never comes. */
    const untimed: Clock = {
      now: () => 0,
      sleep: (ms, { signal } = {}) =>
        ms < 10_000 ? Promise.resolve() : new Promise((_, reject) => signal?.addEventListener("abort", reject)),
    };
    /** Takes no part, and removes an upload when it is asked for the `removedAt`th time. */
    const failing = (removedAt: number): Store => {
      let removals = 0;
      return scriptedStore(
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
