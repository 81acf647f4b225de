import { type StoreServer, startMinio } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import { collect, expectBytes, expectCode, someBytes } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import { givenProgram } from "./given-programs.ts";
import { openS3Store } from "./s3-store.ts";

/** Nobody resolves this name. The server is asked as a proxy of the plain line is, whole addresses and all, and serves itself. */
const domain = "s3.storage.test";

let server: StoreServer;
let bucket: string;
let driver: Driver;
beforeAll(async () => {
  server = await startMinio({ program: givenProgram("minio"), env: { MINIO_DOMAIN: domain } });
  bucket = await server.createBucket();
  driver = openS3Store(server, bucket, {
    endpoint: `http://${domain}`,
    config: { addressing: "host" },
    wire: { proxy: { http: server.endpoint } },
  });
});
afterAll(async () => {
  await driver.close();
  await server.stop();
});

it("a bucket that is part of the host's name is written, read and listed", async () => {
  const bytes = someBytes(100_000);
  const key = "folder/a b+ü%.bin";
  await driver.put(key, bytes);
  expectBytes(await collect(driver.get(key)), bytes);
  expect((await driver.head(key)).size).toBe(bytes.byteLength);
  const { text: asked, status } = await server.send("GET", `/${bucket}?list-type=2`);
  expect([status, asked]).toEqual([200, expect.stringContaining("folder/")]);
  const keys: string[] = [];
  for await (const info of driver.list("folder/")) keys.push(info.key);
  expect(keys).toEqual([key]);
  await driver.delete(key);
  await expectCode(driver.head(key), "not_found");
});
