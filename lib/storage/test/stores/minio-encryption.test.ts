import { Buffer } from "node:buffer";
import { type FaultProxy, type StoreServer, startFaultProxy, startMinio } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bodyOf, collect, expectBytes, expectCode, someBytes } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import type { S3Encryption } from "../../src/drivers/s3/config.ts";
import { givenProgram } from "./given-programs.ts";
import { openS3Store } from "./s3-store.ts";

const mebibyte = 1024 * 1024;
const bytes = someBytes(6 * mebibyte);

/** The server's own key service has this one key. */
let server: StoreServer;
let proxy: FaultProxy;
let bucket: string;
const opened: Driver[] = [];
beforeAll(async () => {
  const key = Buffer.from(someBytes(32)).toString("base64");
  server = await startMinio({ program: givenProgram("minio"), env: { MINIO_KMS_SECRET_KEY: `its-key:${key}` } });
  proxy = await startFaultProxy(server.endpoint);
  bucket = await server.createBucket();
});
afterEach(async () => {
  for (const driver of opened.splice(0)) await driver.close();
  await proxy.reset();
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});

function storeWith(encryption: S3Encryption): Driver {
  const config = { encryption, partBytes: 5 * mebibyte };
  const driver = openS3Store(server, bucket, { endpoint: proxy.endpoint, config });
  opened.push(driver);
  return driver;
}

const kinds: readonly { readonly name: string; readonly encryption: S3Encryption; readonly knowsMd5: boolean }[] = [
  { name: "the store's keys", encryption: { kind: "AES256" }, knowsMd5: true },
  { name: "a key of the key service", encryption: { kind: "aws:kms", keyId: "its-key" }, knowsMd5: false },
  { name: "the key service's own choice of key", encryption: { kind: "aws:kms" }, knowsMd5: false },
];

describe.each(kinds)("what is written under $name", ({ encryption, knowsMd5 }) => {
  it.each([
    { way: "in one request", put: async (driver: Driver) => await driver.put("one", bytes), key: "one" },
    { way: "in parts", put: async (driver: Driver) => await driver.put("parts", bodyOf(bytes)), key: "parts" },
  ])("$way is encrypted by the store and read as it was", async ({ put, key }) => {
    const driver = storeWith(encryption);
    await put(driver);
    const { headers } = await fetchHead(key);
    expect(headers.get("x-amz-server-side-encryption")).toBe(encryption.kind);
    const named = headers.get("x-amz-server-side-encryption-aws-kms-key-id");
    if (encryption.kind === "aws:kms") expect(named).toMatch(/its-key$/);
    expectBytes(await collect(driver.get(key)), bytes);
    expectBytes(
      await collect(driver.get(key, { range: { offset: 5 * mebibyte - 3, length: 9 } })),
      bytes.subarray(5 * mebibyte - 3, 5 * mebibyte + 6),
    );
    if (!knowsMd5) expect(await driver.head(key)).not.toHaveProperty("contentMd5");
  });

  it("through a signed link is encrypted too, with headers that the link demands", async () => {
    const driver = storeWith(encryption);
    const signed = await driver.signer?.signPut("linked", { expiresAt: Date.now() + 60_000 });
    if (signed === undefined) throw new Error("no signer");
    expect((await fetch(signed.url, { method: "PUT", body: "linked" })).status).toBeGreaterThanOrEqual(400);
    expect((await fetch(signed.url, { method: "PUT", headers: signed.headers, body: "linked" })).status).toBe(200);
    expect((await fetchHead("linked")).headers.get("x-amz-server-side-encryption")).toBe(encryption.kind);
  });
});

it("a key that the key service lacks is failed_precondition, and nothing is stored", async () => {
  const driver = storeWith({ kind: "aws:kms", keyId: "another-key" });
  await expectCode(driver.put("locked", bytes), "failed_precondition");
  await expectCode(driver.put("locked", bodyOf(bytes)), "failed_precondition");
  await expectCode(driver.head("locked"), "not_found");
  expect(await server.uploads(bucket)).toEqual([]);
});

/** As a client sees it that is not the driver. */
async function fetchHead(key: string): Promise<Response> {
  const signed = await openAndSign(key);
  return await fetch(signed, { headers: { range: "bytes=0-0" } });
}

async function openAndSign(key: string): Promise<string> {
  const driver = openS3Store(server, bucket);
  opened.push(driver);
  return (await driver.signer?.signGet(key, { expiresAt: Date.now() + 60_000 }))?.url ?? "";
}
