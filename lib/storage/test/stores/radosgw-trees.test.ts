/** A store whose keys may be anything has trees that no folder can hold. */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type StoreServer, startRadosGateway } from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Bucket } from "../../src/bucket.ts";
import { text } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import { downloadTree } from "../../src/transfer/download-tree.ts";
import { givenProgram } from "./given-programs.ts";
import { realClock } from "./real-clock.ts";
import { openS3Store } from "./s3-store.ts";

let server: StoreServer;
let driver: Driver;
let bucket: Bucket;
let name: string;
beforeAll(async () => {
  server = await startRadosGateway({ program: givenProgram("radosgw") });
});
beforeEach(async () => {
  name = await server.createBucket();
  driver = openS3Store(server, name);
  bucket = new Bucket(driver, (key) => `s3://${name}/${key}`);
});
afterEach(() => driver.close());
afterAll(() => server.stop());

it.each([
  "tree/../escape",
  "tree/a/../../../escape",
  "tree//etc/escape",
  "tree/./escape",
  "tree/..",
  `tree/${"x".repeat(256)}`,
])("an object under %s is refused by its name, and nothing is written outside the folder", async (key) => {
  await bucket.put(key, text("outside"));
  const base = await mkdtemp(path.join(tmpdir(), "flyte-dataplane-trees-"));
  const folder = path.join(base, "deep", "folder");
  await mkdir(folder, { recursive: true });
  try {
    await expect(downloadTree(bucket, "tree/", folder, { clock: realClock })).rejects.toMatchObject({
      code: "invalid_argument",
      origin: "user",
      ref: `s3://${name}/${key}`,
    });
    expect(await readdir(base, { recursive: true })).toEqual(["deep", path.join("deep", "folder")]);
  } finally {
    await rm(base, { recursive: true });
  }
});
