/**
 * What is wrong before the first byte moves, or can only be made wrong by a script: each ends in one error with code,
 * operation and reference, after no more requests than it takes to know.
 */
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import {
  type FaultProxy,
  type Nginx,
  type StoreServer,
  startFaultProxy,
  startMinio,
  startNginx,
  startVersitygw,
} from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Bucket } from "../../src/bucket.ts";
import { collect, someBytes, text } from "../../src/conformance/bodies.ts";
import { expectBytes } from "../../src/conformance/expect-bytes.ts";
import { givenProgram } from "./given-programs.ts";
import { realClock } from "./real-clock.ts";
import { withQuickRetry } from "./s3-harness.ts";
import { openS3Store, type S3StoreOptions, type StoreKeys } from "./s3-store.ts";

const servers: Record<"minio" | "versitygw", () => Promise<StoreServer>> = {
  minio: () => startMinio({ program: givenProgram("minio") }),
  versitygw: () => startVersitygw({ program: givenProgram("versitygw") }),
};

/** Every way to ask, by the name that its errors have. */
const calls: readonly { readonly name: string; readonly run: (bucket: Bucket) => Promise<unknown> }[] = [
  { name: "head", run: (bucket) => bucket.head("key") },
  { name: "get", run: (bucket) => collect(bucket.get("key")) },
  { name: "put", run: (bucket) => bucket.put("key", text("value")) },
  { name: "create upload", run: async (bucket) => await bucket.multipart?.create("key") },
  { name: "list", run: async (bucket) => await bucket.list("key")[Symbol.asyncIterator]().next() },
  { name: "delete", run: (bucket) => bucket.delete("key") },
];

const opened: { close(): Promise<void> }[] = [];

function open(server: StoreKeys, bucketName: string, options: S3StoreOptions): Bucket {
  const driver = withQuickRetry(openS3Store(server, bucketName, options));
  opened.push(driver);
  return new Bucket(driver, (key) => `s3://${bucketName}/${key}`);
}

async function expectError(attempt: Promise<unknown>, code: ErrorCode, operation: string): Promise<DataPlaneError> {
  const error: unknown = await attempt.then(
    () => "resolved",
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataPlaneError)) throw new Error(`no error of ours: ${String(error)}`);
  expect(error).toMatchObject({ code });
  expect(error.ref).toMatch(/^s3:\/\/[^?]+\/key$/);
  expect(error.message.startsWith(`${operation} ${error.ref ?? ""}: `), error.message).toBe(true);
  expect(error.message).not.toMatch(/SKTEST|X-Amz-Signature/);
  return error;
}

afterEach(async () => {
  for (const driver of opened.splice(0)) await driver.close();
});

describe.each(Object.entries(servers).map(([name, start]) => ({ name, start })))("$name", ({ start }) => {
  let server: StoreServer;
  let proxy: FaultProxy;
  let bucketName: string;
  beforeAll(async () => {
    server = await start();
    proxy = await startFaultProxy(server.endpoint);
    bucketName = await server.createBucket();
    await server.send("PUT", `/${bucketName}/key`, text("value"));
  });
  afterEach(() => proxy.reset());
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  it.each(calls.filter(({ name }) => name !== "delete"))(
    "$name in a bucket that is not there is not_found",
    async ({ name, run }) => {
      await expectError(run(open(server, "b-nowhere", { endpoint: proxy.endpoint })), "not_found", name);
    },
  );

  it.each(calls)("$name with another secret key is unauthenticated and is not tried again", async ({ name, run }) => {
    const credentials = { accessKeyId: server.accessKeyId, secretAccessKey: "another" };
    const bucket = open(server, bucketName, { endpoint: proxy.endpoint, credentials });
    const error = await expectError(run(bucket), "unauthenticated", name);
    expect(error.message).not.toContain("another");
    // Of a refused HEAD only a second request can tell the reason.
    expect(proxy.requests.length).toBeLessThanOrEqual(name === "head" ? 2 : 1);
  });

  it("an access key that nobody has is unauthenticated", async () => {
    const credentials = { accessKeyId: "AKNOBODY", secretAccessKey: "any" };
    await expectError(open(server, bucketName, { credentials }).get("key"), "unauthenticated", "get");
  });

  it.each([
    { name: "slow", offMs: -20 * 60_000 },
    { name: "fast", offMs: 20 * 60_000 },
  ])("a clock that is 20 minutes $name costs one more request, once", async ({ offMs }) => {
    const clock = { ...realClock, now: () => Date.now() + offMs };
    const bucket = open(server, bucketName, { endpoint: proxy.endpoint, clock });
    expectBytes(await bucket.read("key", { maxBytes: 10 }), "value");
    expect(proxy.requests).toHaveLength(2);
    await bucket.put("key", text("value"));
    expect(proxy.requests).toHaveLength(3);
  });

  it("a clock that the store finds wrong whatever we sign is failed_precondition, after two requests", async () => {
    const body = "<Error><Code>RequestTimeTooSkewed</Code><Message>too far</Message></Error>";
    const date = new Date(Date.now() + 1_200_000).toUTCString();
    const skewed = { kind: "answer", status: 403, body, headers: { date } } as const;
    proxy.inject({ times: Number.POSITIVE_INFINITY, effect: skewed });
    const bucket = open(server, bucketName, { endpoint: proxy.endpoint });
    const error = await expectError(bucket.get("key"), "failed_precondition", "get");
    expect(error.message).toContain("clock");
    expect(proxy.requests).toHaveLength(2);
  });

  it("a session that has ended is unauthenticated and is not tried again", async () => {
    const body = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";
    proxy.inject({ times: Number.POSITIVE_INFINITY, effect: { kind: "answer", status: 400, body } });
    const bucket = open(server, bucketName, { endpoint: proxy.endpoint });
    const error = await expectError(bucket.put("key", text("other")), "unauthenticated", "put");
    expect(error.message).toContain("ended");
    expect(proxy.requests).toHaveLength(1);
    expectBytes(text((await server.send("GET", `/${bucketName}/key`)).text), "value");
  });

  it("a page of a listing that leads to itself ends it", async () => {
    const entry = `<Contents><Key>key</Key><Size>5</Size><ETag>"x"</ETag><LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>`;
    const body = `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken>${entry}</ListBucketResult>`;
    proxy.inject({ times: Number.POSITIVE_INFINITY, effect: { kind: "answer", status: 200, body } });
    const bucket = open(server, bucketName, { endpoint: proxy.endpoint });
    const listing = (async () => {
      for await (const _info of bucket.list("key")) continue;
    })();
    const error = await expectError(listing, "internal", "list");
    expect(error.message).toMatch(/page|order/);
    // Retried, since a store may recover; never for ever.
    expect(proxy.requests.length).toBeLessThan(20);
  });

  it("an object whose bytes are changed on the way is data_loss, or never arrives", async () => {
    const bytes = someBytes(300_000);
    const bucket = open(server, bucketName, { endpoint: proxy.endpoint });
    await bucket.put("changed", bytes);
    proxy.inject({
      when: ({ method }) => method === "GET",
      times: Number.POSITIVE_INFINITY,
      effect: { kind: "corrupt-answer", atByte: 150_000 },
    });
    const read = collect(bucket.get("changed"));
    await expect(read).rejects.toMatchObject({ code: "data_loss" });
  });
});

describe("an endpoint that is no store", () => {
  let nginx: Nginx;
  let proxy: FaultProxy;
  beforeAll(async () => {
    const locations = `
      location /page/ { default_type "text/html; charset=utf-8"; return 200 "<!doctype html><html><body>Sign in</body></html>"; }
      location /circle/ { return 307 $scheme://$http_host$request_uri; }`;
    nginx = await startNginx({ program: givenProgram("nginx"), locations });
    proxy = await startFaultProxy(nginx.endpoint);
  });
  afterEach(() => proxy.reset());
  afterAll(async () => {
    await proxy.close();
    await nginx.stop();
  });
  const keys = { name: "minio", region: "us-east-1", accessKeyId: "AKTEST", secretAccessKey: "SKTESTSECRET" } as const;
  const at = (path: string): Bucket => open(keys, "b-any", { endpoint: `${proxy.endpoint}${path}` });

  it.each(calls)("$name at one that answers 200 with a web page is failed_precondition", async ({ name, run }) => {
    await expectError(run(at("/page")), "failed_precondition", name);
    expect(proxy.requests).toHaveLength(1);
  });

  it.each(calls)("$name at one that redirects to itself for ever is failed_precondition", async ({ name, run }) => {
    await expectError(run(at("/circle")), "failed_precondition", name);
    expect(proxy.requests.length).toBeLessThanOrEqual(2);
  });
});
