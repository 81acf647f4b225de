import { type StoreServer, startMinio } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bodyOf, collect, expectBytes, expectCode, someBytes, text } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import type { S3Config } from "../../src/drivers/s3/config.ts";
import { givenProgram } from "./given-programs.ts";
import { openS3Store } from "./s3-store.ts";

const mebibyte = 1024 * 1024;
const bytes = someBytes(11 * mebibyte);

let server: StoreServer;
let bucket: string;
beforeAll(async () => {
  server = await startMinio({ program: givenProgram("minio") });
  bucket = await server.createBucket();
});
afterAll(() => server.stop());

async function withStore<T>(config: Partial<S3Config>, use: (driver: Driver) => Promise<T>): Promise<T> {
  const driver = openS3Store(server, bucket, { config: { partBytes: 5 * mebibyte, ...config } });
  try {
    return await use(driver);
  } finally {
    await driver.close();
  }
}

describe("what an upload in parts leaves for its readers", () => {
  it.each([
    { checksum: "crc32", kept: ["crc32"] },
    { checksum: "crc32c", kept: ["crc32c"] },
    { checksum: "sha256", kept: [] },
    { checksum: "none", kept: [] },
  ] as const)(
    "with $checksum is a checksum of the whole, where parts can be joined to one",
    async ({ checksum, kept }) => {
      await withStore({ checksum }, async (driver) => {
        await driver.put(`parts-${checksum}`, bodyOf(bytes));
        const { checksums = {} } = await driver.head(`parts-${checksum}`);
        expect(Object.keys(checksums)).toEqual(kept);
        expectBytes(await collect(driver.get(`parts-${checksum}`)), bytes);
      });
    },
  );
});

describe("settings of a bucket", () => {
  it("a part that arrives changed is refused by the store", async () => {
    await withStore({}, async (driver) => {
      await expectCode(driver.put("changed", text("x"), { contentMd5: new Uint8Array(16) }), "data_loss");
      await expectCode(driver.head("changed"), "not_found");
    });
  });

  it("a region that is wrong is corrected with the first answer", async () => {
    await withStore({ region: "eu-west-9" }, async (driver) => {
      await driver.put("regional", text("x"));
      expect((await driver.head("regional")).size).toBe(1);
    });
  });

  it("bodies that are hashed are stored, from memory and from a stream", async () => {
    await withStore({ signPayload: true }, async (driver) => {
      await driver.put("hashed", bytes);
      await driver.put("hashed-stream", bodyOf(bytes));
      expectBytes(await collect(driver.get("hashed")), bytes);
    });
  });

  it("a bucket that is not there is not found, by whatever means", async () => {
    const driver = openS3Store(server, "there-is-no-such-bucket");
    await expectCode(driver.head("x"), "not_found");
    await expectCode(driver.get("x"), "not_found");
    await expectCode(driver.put("x", text("x")), "not_found");
    await expectCode(driver.delete("x"), "not_found");
    await expectCode(driver.list("")[Symbol.asyncIterator]().next(), "not_found");
    await driver.close();
  });
});
