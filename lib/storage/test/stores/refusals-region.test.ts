/** A region that is not the bucket's: two servers say so, and one that says nonsense. */
import {
  type FaultProxy,
  type StoreServer,
  startFaultProxy,
  startMinio,
  startVersitygw,
} from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Bucket } from "../../src/bucket.ts";
import { expectBytes, text } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import { givenProgram } from "./given-programs.ts";
import { withQuickRetry } from "./s3-harness.ts";
import { openS3Store } from "./s3-store.ts";

const servers: readonly { readonly name: string; readonly start: () => Promise<StoreServer> }[] = [
  { name: "minio", start: () => startMinio({ program: givenProgram("minio"), region: "eu-north-1" }) },
  { name: "versitygw", start: () => startVersitygw({ program: givenProgram("versitygw") }) },
];

describe.each(servers)("$name: a region", ({ start }) => {
  let server: StoreServer;
  let proxy: FaultProxy;
  let bucketName: string;
  const opened: Driver[] = [];
  beforeAll(async () => {
    server = await start();
    proxy = await startFaultProxy(server.endpoint);
    bucketName = await server.createBucket();
    await server.send("PUT", `/${bucketName}/key`, text("value"));
  });
  afterEach(async () => {
    for (const driver of opened.splice(0)) await driver.close();
    await proxy.reset();
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  function open(): Bucket {
    const driver = withQuickRetry(
      openS3Store(server, bucketName, { endpoint: proxy.endpoint, config: { region: "ap-south-9" } }),
    );
    opened.push(driver);
    return new Bucket(driver, (key) => `s3://${bucketName}/${key}`);
  }

  it("that is not the bucket's is corrected with one more request, once", async () => {
    const bucket = open();
    expectBytes(await bucket.read("key", { maxBytes: 10 }), "value");
    expect(proxy.requests).toHaveLength(2);
    await bucket.head("key");
    await bucket.put("other", text("x"));
    expect(proxy.requests).toHaveLength(4);
    expect(proxy.requests.at(-1)?.headers.get("authorization")).toContain(`/${server.region}/s3/`);
  });

  it.each(["", "<Region>ap-south-9</Region>"])(
    "that is not the bucket's ends in an error where the store goes on to say %j",
    async (named) => {
      const body = `<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message>${named}</Error>`;
      proxy.inject({ times: Number.POSITIVE_INFINITY, effect: { kind: "answer", status: 400, body } });
      const ref = `s3://${bucketName}/key`;
      await expect(open().get("key")).rejects.toMatchObject({
        code: "failed_precondition",
        ref,
        message: expect.stringMatching(new RegExp(`^get ${ref}: .*region`)) as string,
      });
      expect(proxy.requests).toHaveLength(1);
    },
  );

  it("that is wrong for ever, and named anew each time, ends in an error after two requests", async () => {
    for (const named of ["eu-west-1", "eu-west-2", "eu-west-3"]) {
      const body = `<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message><Region>${named}</Region></Error>`;
      proxy.inject({ effect: { kind: "answer", status: 400, body } });
    }
    await expect(open().get("key")).rejects.toMatchObject({
      code: "failed_precondition",
      message: expect.stringContaining('"eu-west-2"') as string,
    });
    expect(proxy.requests).toHaveLength(2);
  });
});
