/** No room, and files that change while they leave: nothing half may be stored. */
import { chmod, mkdtemp, open as openFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  type FaultProxy,
  type StoreServer,
  startFaultProxy,
  startMinio,
  startVersitygw,
} from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Bucket } from "../../src/bucket.ts";
import { someBytes } from "../../src/conformance/bodies.ts";
import { expectBytes } from "../../src/conformance/expect-bytes.ts";
import type { Driver } from "../../src/driver.ts";
import { uploadFile } from "../../src/transfer/upload-file.ts";
import { givenProgram } from "./given-programs.ts";
import { realClock } from "./real-clock.ts";
import { withQuickRetry } from "./s3-harness.ts";
import { openS3Store } from "./s3-store.ts";

const mebibyte = 1024 * 1024;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "flyte-dataplane-space-"));
});
afterAll(() => rm(folder, { recursive: true }));

function bucketOf(driver: Driver, name: string): Bucket {
  return new Bucket(driver, (key) => `s3://${name}/${key}`);
}

/** A program that runs another on a disk of its own of so many bytes, mounted at `directory`. */
async function onSmallDisk(program: string, directory: string, bytes: number): Promise<string> {
  const wrapper = path.join(folder, `${path.basename(program)}-on-small-disk`);
  const mount = `mkdir -p "${directory}" && mount -t tmpfs -o size=${bytes} none "${directory}"`;
  const inside = `${mount} && exec "${program}" "$@"`;
  await writeFile(wrapper, `#!/bin/sh\nexec unshare --user --map-root-user --mount sh -c '${inside}' sh "$@"\n`);
  await chmod(wrapper, 0o755);
  return wrapper;
}

const small: readonly { readonly name: string; readonly start: () => Promise<StoreServer> }[] = [
  {
    name: "versitygw",
    async start() {
      const directory = path.join(folder, "versitygw");
      const program = await onSmallDisk(givenProgram("versitygw"), directory, 16 * mebibyte);
      return await startVersitygw({ program, directory });
    },
  },
];

describe.each(small)("a full $name", ({ start }) => {
  let server: StoreServer;
  let bucketName: string;
  let driver: Driver;
  beforeAll(async () => {
    server = await start();
    bucketName = await server.createBucket();
    driver = withQuickRetry(openS3Store(server, bucketName));
  });
  afterAll(async () => {
    await driver.close();
    await server.stop();
  });

  it.each([
    { name: "in one request", size: 24 * mebibyte, wholeBytes: 32 * mebibyte },
    { name: "in parts", size: 24 * mebibyte, wholeBytes: mebibyte },
  ])("takes no file $name, shows nothing of it, and still gives what it had", async ({ size, wholeBytes }) => {
    const bucket = bucketOf(driver, bucketName);
    await bucket.put("before", someBytes(1000));
    const file = path.join(folder, "large.bin");
    await writeFile(file, someBytes(size));
    const sizes = { wholeBytes, pieceBytes: 5 * mebibyte };
    const upload = uploadFile(bucket, file, "large", { clock: realClock, sizes });
    const error: unknown = await upload.catch((reason: unknown) => reason);
    if (!(error instanceof DataPlaneError)) throw new Error(`no error of ours: ${String(error)}`);
    expect(error).toMatchObject({ code: "resource_exhausted", ref: `s3://${bucketName}/large` });
    expect(await bucket.find("large")).toBeUndefined();
    expect(await server.uploads(bucketName)).toEqual([]);
    expectBytes(await bucket.read("before", { maxBytes: 1000 }), someBytes(1000));
    await bucket.delete("before");
  });
});

describe("a file that shrinks while it is uploaded", () => {
  let server: StoreServer;
  let proxy: FaultProxy;
  let bucketName: string;
  let driver: Driver;
  beforeAll(async () => {
    server = await startMinio({ program: givenProgram("minio") });
    proxy = await startFaultProxy(server.endpoint);
    bucketName = await server.createBucket();
  });
  beforeEach(() => {
    driver = withQuickRetry(openS3Store(server, bucketName, { endpoint: proxy.endpoint }));
  });
  afterEach(async () => {
    await driver.close();
    await proxy.reset();
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  const ways = [
    { name: "in one request", size: 40 * mebibyte, wholeBytes: 64 * mebibyte, part: "shrinking" },
    { name: "in parts", size: 40 * mebibyte, wholeBytes: mebibyte, part: "partNumber=1&" },
  ];

  it.each(ways)("$name leaves neither an object nor an upload", async ({ size, wholeBytes, part }) => {
    const file = path.join(folder, "shrinking.bin");
    await writeFile(file, someBytes(size));
    const hold = (): Promise<void> => truncate(file, 1000);
    const when = ({ method, target }: { method: string; target: string }): boolean =>
      method === "PUT" && target.includes(part);
    proxy.inject({ when, effect: { kind: "hold-request", afterBytes: 10_000, hold } });
    const bucket = bucketOf(driver, bucketName);
    const sizes = { wholeBytes, pieceBytes: 8 * mebibyte };
    const upload = uploadFile(bucket, file, "shrinking", { clock: realClock, sizes });
    const error: unknown = await upload.catch((reason: unknown) => reason);
    if (!(error instanceof DataPlaneError)) throw new Error(`no error of ours: ${String(error)}`);
    // Found short while it is read, or found changed after the last byte had been read before.
    expect(["data_loss", "failed_precondition"]).toContain(error.code);
    expect(error.origin).toBe("user");
    expect([file, `s3://${bucketName}/shrinking`]).toContain(error.ref);
    expect(await bucket.find("shrinking")).toBeUndefined();
    expect(await server.uploads(bucketName)).toEqual([]);
  });

  it("a slice that is longer than its file is data_loss before anything is stored", async () => {
    const file = path.join(folder, "short.bin");
    await writeFile(file, someBytes(1000));
    const handle = await openFile(file);
    const put = bucketOf(driver, bucketName).put("short", { fd: handle.fd, offset: 0, length: 1001 });
    await expect(put).rejects.toMatchObject({ code: "data_loss", ref: `s3://${bucketName}/short` });
    await handle.close();
    expect(await bucketOf(driver, bucketName).find("short")).toBeUndefined();
  });
});
