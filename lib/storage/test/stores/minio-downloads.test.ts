/** What arrives is what was stored, from a real store over lines that change bytes or take their time. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type FaultProxy,
  type SeenRequest,
  type StoreServer,
  startFaultProxy,
  startMinio,
  startToxiproxy,
  type Toxiproxy,
} from "@flyte-dataplane/test-support";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Bucket } from "../../src/bucket.ts";
import { expectBytes, someBytes } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import { downloadFile } from "../../src/transfer/download-file.ts";
import type { DownloadOptions, TransferSizes } from "../../src/transfer/options.ts";
import { givenProgram } from "./given-programs.ts";
import { realClock } from "./real-clock.ts";
import { withQuickRetry } from "./s3-harness.ts";
import { openS3Store, type S3StoreOptions } from "./s3-store.ts";

const mebibyte = 1024 * 1024;
const bytes = someBytes(5 * mebibyte + 11);

let server: StoreServer;
let proxy: FaultProxy;
let toxiproxy: Toxiproxy;
let bucketName: string;
let folder: string;
const opened: Driver[] = [];
beforeAll(async () => {
  server = await startMinio({ program: givenProgram("minio") });
  proxy = await startFaultProxy(server.endpoint);
  toxiproxy = await startToxiproxy({ program: givenProgram("toxiproxy") });
  bucketName = await server.createBucket();
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "flyte-dataplane-downloads-"));
});
afterEach(async () => {
  for (const driver of opened.splice(0)) await driver.close();
  await proxy.reset();
  await rm(folder, { recursive: true });
});
afterAll(async () => {
  await proxy.close();
  await toxiproxy.stop();
  await server.stop();
});

function open(endpoint: string, config: S3StoreOptions["config"] = {}): Bucket {
  const driver = withQuickRetry(openS3Store(server, bucketName, { endpoint, config }));
  opened.push(driver);
  return new Bucket(driver, (key) => `s3://${bucketName}/${key}`);
}

function options(sizes: Partial<TransferSizes>): DownloadOptions {
  return { clock: realClock, verify: "known", sizes };
}

const known = [
  { name: "CRC32", checksum: "crc32" },
  { name: "CRC32C", checksum: "crc32c" },
  { name: "ETag, which is an MD5", checksum: "none" },
] as const;
const isRange = ({ method, headers }: SeenRequest): boolean => method === "GET" && headers.has("range");
const isWhole = ({ method, headers }: SeenRequest): boolean => method === "GET" && !headers.has("range");
const inOne = { wholeBytes: 32 * mebibyte };
const inRanges = { wholeBytes: mebibyte, pieceBytes: mebibyte };
const ways = [
  { way: "in one stretch", size: bytes.byteLength, sizes: inOne, when: isWhole },
  // Handed over within the calls that bring it.
  { way: "small, with blocking writes,", size: 600_000, sizes: inOne, when: isWhole, writes: "sync" },
  { way: "in ranges", size: bytes.byteLength, sizes: inRanges, when: isRange },
] as const;

describe.each(known)("an object with a $name", ({ checksum }) => {
  it.each(ways)(
    "that arrives changed $way is fetched once more, and then is no file but an error [copilot B19]",
    async ({ way: _way, size, sizes, when, ...more }) => {
      const bucket = open(proxy.endpoint, { checksum });
      const stored = bytes.subarray(0, size);
      await bucket.put("object", stored);
      const file = path.join(folder, "object");
      const changed = { kind: "corrupt-answer", atByte: 500_000 } as const;
      proxy.inject({ when, effect: changed });
      await downloadFile(bucket, "object", file, { ...options(sizes), ...more });
      expect(proxy.met).toBe(1);
      expectBytes(await readFile(file), stored);
      await rm(file);

      await proxy.reset();
      proxy.inject({ when, effect: changed, times: Number.POSITIVE_INFINITY });
      const failed = downloadFile(bucket, "object", file, { ...options(sizes), ...more });
      const ref = `s3://${bucketName}/object`;
      await expect(failed).rejects.toMatchObject({
        code: "data_loss",
        ref,
        message: expect.stringMatching(new RegExp(`^get ${ref}: `)) as string,
      });
      const wholes = proxy.requests.filter(isWhole);
      expect(wholes).toHaveLength(2);
      expect(await readdir(folder)).toEqual([]);
    },
  );
});

it("an object of another length than was announced is no file [copilot B19]", async () => {
  const bucket = open(proxy.endpoint);
  await bucket.put("object", bytes);
  const body = "short";
  const headers = { etag: '"1"', "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT", "content-range": "bytes 0-9/10" };
  proxy.inject({
    when: ({ method }) => method === "GET",
    times: Number.POSITIVE_INFINITY,
    effect: { kind: "answer", status: 206, headers, body },
  });
  const read = bucket.get("object", { range: { offset: 0, length: 10 } });
  await expect(read).rejects.toMatchObject({ code: "failed_precondition" });
  const failed = downloadFile(bucket, "object", path.join(folder, "object"), options({}));
  await expect(failed).rejects.toMatchObject({ ref: `s3://${bucketName}/object` });
  expect(await readdir(folder)).toEqual([]);
});

describe("an object on a store that answers late and gives each connection little", () => {
  let slow: string;
  beforeAll(async () => {
    const host = await toxiproxy.before(new URL(server.endpoint).host, [
      // Milliseconds; KB per second and connection.
      { type: "latency", stream: "downstream", attributes: { latency: 60 } },
      { type: "bandwidth", stream: "downstream", attributes: { rate: 2048 } },
    ]);
    slow = `http://${host}`;
  });

  it("above the threshold comes in ranges at once, which overtake a single stream [copilot B44]", async () => {
    await open(server.endpoint).put("object", bytes);
    const finished: string[] = [];
    const fetch = async (name: string, sizes: Partial<TransferSizes>): Promise<void> => {
      await downloadFile(open(slow), "object", path.join(folder, name), options(sizes));
      finished.push(name);
    };
    // The single stream has a start: what is compared is who arrives first, whatever else the machine does.
    const single = fetch("single", { wholeBytes: 32 * mebibyte });
    await Promise.all([single, fetch("ranges", { wholeBytes: mebibyte, pieceBytes: mebibyte / 2 })]);
    expect(finished).toEqual(["ranges", "single"]);
    for (const name of finished) expectBytes(await readFile(path.join(folder, name)), bytes);
  });

  it("has four ranges under way before the first is there, and one stream below the threshold [copilot B44]", async () => {
    const bucket = open(proxy.endpoint);
    await bucket.put("object", bytes);
    let reached = 0;
    let all: () => void = () => undefined;
    const four = new Promise<void>((resolve) => {
      all = resolve;
    });
    const hold = (): Promise<void> => {
      reached += 1;
      if (reached === 4) all();
      return four;
    };
    proxy.inject({ when: isRange, times: 4, effect: { kind: "hold-answer", afterBytes: 0, hold } });
    const sizes = { wholeBytes: mebibyte, pieceBytes: mebibyte / 2 };
    await downloadFile(bucket, "object", path.join(folder, "ranges"), options(sizes));
    expect(reached).toBe(4);
    expectBytes(await readFile(path.join(folder, "ranges")), bytes);
    await proxy.reset();
    await downloadFile(bucket, "object", path.join(folder, "single"), options({ wholeBytes: bytes.byteLength }));
    expect(proxy.requests.map(({ method, headers }) => [method, headers.get("range")])).toEqual([["GET", undefined]]);
  });
});
