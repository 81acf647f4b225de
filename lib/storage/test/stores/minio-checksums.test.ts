import { createHash } from "node:crypto";
import { type FaultProxy, type StoreServer, startFaultProxy, startMinio } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bodyOf, expectCode, someBytes } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import type { S3Config } from "../../src/drivers/s3/config.ts";
import { givenProgram } from "./given-programs.ts";
import { openS3Store } from "./s3-store.ts";

const mebibyte = 1024 * 1024;
const bytes = someBytes(6 * mebibyte);

let server: StoreServer;
let proxy: FaultProxy;
let bucket: string;
let driver: Driver;
beforeAll(async () => {
  server = await startMinio({ program: givenProgram("minio") });
  proxy = await startFaultProxy(server.endpoint);
  bucket = await server.createBucket();
});
afterEach(async () => {
  await driver.close();
  await proxy.reset();
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});

function opened(config: Partial<S3Config>): Driver {
  return openS3Store(server, bucket, { endpoint: proxy.endpoint, config: { partBytes: 5 * mebibyte, ...config } });
}

const settings: readonly { readonly name: string; readonly config: Partial<S3Config>; readonly md5?: boolean }[] = [
  { name: "CRC32", config: { checksum: "crc32" } },
  { name: "CRC32C", config: { checksum: "crc32c" } },
  { name: "SHA-256", config: { checksum: "sha256" } },
  { name: "an MD5 alone", config: { checksum: "none" }, md5: true },
  { name: "a signed hash alone", config: { checksum: "none", signPayload: true } },
];

describe("an upload that changes on its way", () => {
  beforeEach(() => {
    proxy.inject({
      when: ({ method }) => method === "PUT",
      times: Number.POSITIVE_INFINITY,
      effect: { kind: "corrupt-request", atByte: 4 * mebibyte },
    });
  });

  it.each(settings)(
    "with $name is refused by the store as data_loss, and no object is there",
    async ({ config, md5 }) => {
      driver = opened(config);
      const contentMd5 = md5 === true ? createHash("md5").update(bytes).digest() : undefined;
      await expectCode(driver.put("changed", bytes, contentMd5 === undefined ? {} : { contentMd5 }), "data_loss");
      expect(proxy.met).toBe(1);
      await expectCode(driver.head("changed"), "not_found");
    },
  );

  // A stream's MD5 is known at its end: no part has one.
  it.each(settings.filter(({ md5 }) => md5 !== true))(
    "with $name in a part is refused as well, and no upload is left",
    async ({ config }) => {
      driver = opened(config);
      await expectCode(driver.put("changed", bodyOf(bytes)), "data_loss");
      await expectCode(driver.head("changed"), "not_found");
      expect(await server.uploads(bucket)).toEqual([]);
    },
  );
});

it("a reader who pays says so with every request, and in links", async () => {
  driver = opened({ requesterPays: true });
  await driver.put("paid", bytes);
  await driver.head("paid");
  for await (const _info of driver.list("")) continue;
  const { url, headers } = (await driver.signer?.signGet("paid", { expiresAt: Date.now() + 60_000 })) ?? {};
  expect((await fetch(url ?? "", { headers: headers ?? {} })).status).toBe(200);
  const said = proxy.requests.map(({ target, headers: sent }) =>
    target.includes("X-Amz-Signature=")
      ? /x-amz-request-payer=([^&]*)/.exec(target)?.[1]
      : sent.get("x-amz-request-payer"),
  );
  expect(said).toEqual(["requester", "requester", "requester", "requester"]);
});
