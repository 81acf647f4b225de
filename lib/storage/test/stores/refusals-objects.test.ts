/** Objects that a store has and does not give. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type FaultProxy, type StoreServer, startFaultProxy, startMinio } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Bucket } from "../../src/bucket.ts";
import { collect, text } from "../../src/conformance/bodies.ts";
import type { Driver } from "../../src/driver.ts";
import { downloadFile } from "../../src/transfer/download-file.ts";
import { downloadTree } from "../../src/transfer/download-tree.ts";
import { givenProgram } from "./given-programs.ts";
import { realClock } from "./real-clock.ts";
import { withQuickRetry } from "./s3-harness.ts";
import { openS3Store } from "./s3-store.ts";

let server: StoreServer;
let proxy: FaultProxy;
let bucketName: string;
let driver: Driver;
let bucket: Bucket;
let folder: string;
beforeAll(async () => {
  server = await startMinio({ program: givenProgram("minio") });
  proxy = await startFaultProxy(server.endpoint);
  bucketName = await server.createBucket();
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "flyte-dataplane-objects-"));
  driver = withQuickRetry(openS3Store(server, bucketName, { endpoint: proxy.endpoint }));
  bucket = new Bucket(driver, (key) => `s3://${bucketName}/${key}`);
});
afterEach(async () => {
  await driver.close();
  await proxy.reset();
  await rm(folder, { recursive: true });
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});

const options = { clock: realClock };

describe("an archived object", () => {
  // No store that runs here keeps archives: this is what Amazon's answers, in place of the server.
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object\'s storage class</Message><StorageClass>GLACIER</StorageClass><RequestId>9FEFFF118E15B86F</RequestId></Error>';
  const archived = {
    code: "failed_precondition",
    message: /archived; restore it first \(the store answered "InvalidObjectState"\)/,
  };
  beforeEach(async () => {
    for (const name of ["a", "b", "c"]) await bucket.put(`tree/${name}`, text(name));
    proxy.inject({
      when: ({ method, target }) => method === "GET" && target.includes("/tree/b"),
      times: Number.POSITIVE_INFINITY,
      effect: { kind: "answer", status: 403, body, headers: { "content-type": "application/xml" } },
    });
  });

  it.each([
    { name: "read", run: () => collect(bucket.get("tree/b")) },
    { name: "downloaded", run: () => downloadFile(bucket, "tree/b", path.join(folder, "b"), options) },
    { name: "one of a tree", run: () => downloadTree(bucket, "tree/", folder, options) },
  ])("that is $name fails by its name and is not skipped [copilot B37]", async ({ run }) => {
    const failed = run();
    const ref = `s3://${bucketName}/tree/b`;
    await expect(failed).rejects.toMatchObject({ code: archived.code, ref });
    await expect(failed).rejects.toThrow(archived.message);
    await expect(failed).rejects.toThrow(`get ${ref}: `);
    // Waiting restores nothing.
    expect(proxy.met).toBe(1);
    expect(await readdir(folder)).not.toContain("b");
  });
});

describe("a listing that leads on for ever", () => {
  it("in pages without an object ends a download as one error with the folder's name, and leaves no file", async () => {
    let asked = 0;
    const page = (): string => {
      asked += 1;
      return `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>token-${asked}</NextContinuationToken></ListBucketResult>`;
    };
    const times = 1;
    for (let count = 0; count < 1100; count++)
      proxy.inject({ times, effect: { kind: "answer", status: 200, body: page() } });
    await expect(downloadTree(bucket, "tree/", folder, options)).rejects.toMatchObject({
      code: "failed_precondition",
      ref: `s3://${bucketName}/tree/`,
      message: expect.stringMatching(/^list .*1000 pages in a row/) as string,
    });
    // Where a request went astray on a busy machine it was sent again: each page counts once.
    expect(new Set(proxy.requests.map(({ target }) => target)).size).toBe(1000);
    expect(await readdir(folder)).toEqual([]);
  });
});
