import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ClusterService } from "@flyte-dataplane/proto/flyteidl2/cluster/service";
import {
  CreateUploadLocationRequestSchema,
  DataProxyService,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, openDataproxy } from "./harness.ts";

const hello = Buffer.from("hello");
const md5 = createHash("md5").update(hello).digest();
const helloFolder = "LVAUAKV4JMVHNOLRTWIRAF6FSI======";

describe("uploads through signed links", () => {
  let proxy: Harness;
  beforeAll(async () => {
    proxy = await openDataproxy();
  });
  afterAll(() => proxy.close());

  const locate = (request: MessageInitShape<typeof CreateUploadLocationRequestSchema>) =>
    createClient(DataProxyService, proxy.transport).createUploadLocation({
      project: "flytesnacks",
      domain: "development",
      contentMd5: md5,
      filename: "a.txt",
      ...request,
    });
  const send = (url: string, body: Buffer, headers: Readonly<Record<string, string>> = {}) =>
    fetch(url, { method: "PUT", headers, body: Uint8Array.from(body) });

  test("the endpoint is the host that the caller used [dataproxy 13,14]", async () => {
    const cluster = createClient(ClusterService, proxy.transport);
    for (const operation of [0, 1, 9, 12]) {
      expect(await cluster.selectCluster({ operation })).toMatchObject({ clusterEndpoint: proxy.url, cluster: "" });
    }
  });

  test("a caller over HTTP/2 is told its authority [dataproxy 12,13]", async () => {
    const cluster = createClient(ClusterService, createGrpcTransport({ baseUrl: proxy.url }));
    expect((await cluster.selectCluster({})).clusterEndpoint).toBe(proxy.url);
  });

  test("links name the host that the caller used, and lead there", async () => {
    const baseUrl = proxy.url.replace("localhost", "127.0.0.1");
    const there = createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true });
    const { signedUrl } = await createClient(DataProxyService, there).createUploadLocation({
      project: "flytesnacks",
      domain: "development",
      contentMd5: md5,
      filename: "there.txt",
    });
    expect(new URL(signedUrl).origin).toBe(baseUrl);
    expect((await send(signedUrl, hello)).status).toBe(200);
    expect(new URL((await locate({})).signedUrl).origin).toBe(proxy.url);
  });

  test("neither a folder's name nor an MD5 is refused [dataproxy 16]", async () => {
    await expect(locate({ contentMd5: new Uint8Array() })).rejects.toMatchObject({ code: 3 });
  });

  test("a link may live as long as the maximum and no longer [dataproxy 17]", async () => {
    await expect(locate({ expiresIn: durationFromMs(3_600_001) })).rejects.toMatchObject({ code: 3 });
    const { expiresAt } = await locate({ expiresIn: durationFromMs(3_600_000) });
    expect(expiresAt).toBeDefined();
  });

  test.each([
    { name: "of mixed signs", seconds: 1n, nanos: -1 },
    { name: "out of range", seconds: 400_000_000_000n, nanos: 0 },
  ])("an expiry $name is refused [dataproxy 18]", async ({ seconds, nanos }) => {
    await expect(
      locate({ expiresIn: { $typeName: "google.protobuf.Duration", seconds, nanos } }),
    ).rejects.toMatchObject({ code: 3 });
  });

  test("an expiry between two milliseconds is accepted", async () => {
    const { signedUrl } = await locate({
      filename: "fraction.txt",
      expiresIn: { $typeName: "google.protobuf.Duration", seconds: 60n, nanos: 500_000 },
    });
    expect((await send(signedUrl, hello)).status).toBe(200);
  });

  test("an expiry that is not positive is refused [dataproxy 19]", async () => {
    await expect(locate({ expiresIn: durationFromMs(0) })).rejects.toMatchObject({ code: 3 });
    await expect(locate({ expiresIn: durationFromMs(-1000) })).rejects.toMatchObject({ code: 3 });
  });

  test("without an expiry the link lives for the maximum [dataproxy 20]", async () => {
    const before = proxy.clock.now();
    const { expiresAt } = await locate({});
    expect(
      Math.abs(
        timestampMs(expiresAt ?? { $typeName: "google.protobuf.Timestamp", seconds: 0n, nanos: 0 }) -
          before -
          3_600_000,
      ),
    ).toBeLessThan(5000);
  });

  test("a length above the maximum is refused, the maximum itself is not [dataproxy 21]", async () => {
    await expect(locate({ contentLength: 104_857_601n })).rejects.toMatchObject({ code: 3 });
    await expect(locate({ contentLength: -1n })).rejects.toMatchObject({ code: 3 });
    expect((await locate({ contentLength: 104_857_600n })).nativeUrl).not.toBe("");
    expect((await locate({ contentLength: 0n })).nativeUrl).not.toBe("");
  });

  test("an unknown project is not found, a silent project service is internal [dataproxy 22]", async () => {
    await expect(locate({ project: "nobody" })).rejects.toMatchObject({ code: 5 });
    await expect(locate({ project: "down" })).rejects.toMatchObject({ code: 13 });
  });

  test("an upload by content lies in the folder of its MD5 [dataproxy 24]", async () => {
    expect((await locate({})).nativeUrl).toBe(`${proxy.base}/uploads/flytesnacks/development/${helloFolder}/a.txt`);
    expect((await locate({ filename: "" })).nativeUrl).toBe(
      `${proxy.base}/uploads/flytesnacks/development/${helloFolder}`,
    );
  });

  test("an upload by name lies in the folder named, whatever the organisation [dataproxy 25]", async () => {
    const { nativeUrl } = await locate({ filenameRoot: "by/name", org: "somebody" });
    expect(nativeUrl).toBe(`${proxy.base}/uploads/flytesnacks/development/by/name/a.txt`);
  });

  test.each([
    { name: "an empty domain", request: { domain: "" } },
    { name: "an empty project", request: { project: "" } },
    { name: "a project of two segments", request: { project: "a/b" } },
  ])("$name is refused [dataproxy 26]", async ({ request }) => {
    await expect(locate(request)).rejects.toMatchObject({ code: 3 });
  });

  test.each(["..", "a/../b", "./a", "a//b", "/abs", "x/"])(
    "the path %j is refused in every part [dataproxy 27]",
    async (path) => {
      await expect(locate({ filename: path })).rejects.toMatchObject({ code: 3 });
      await expect(locate({ filenameRoot: path })).rejects.toMatchObject({ code: 3 });
      await expect(locate({ project: path })).rejects.toMatchObject({ code: 3 });
      await expect(locate({ domain: path })).rejects.toMatchObject({ code: 3 });
    },
  );

  test.each(["a?b", "a#b", "a%20b", "a\u0000b", "a\tb", "a\\b", "a".repeat(1025)])(
    "the file name %j is refused [dataproxy 28]",
    async (filename) => {
      await expect(locate({ filename })).rejects.toMatchObject({ code: 3 });
    },
  );

  test.each(["my file.txt", "é.txt", "a+b&c=d;e[1]:f.txt", "文件.txt"])(
    "the file name %j is taken literally by PUT and by the disk [dataproxy 28]",
    async (filename) => {
      const location = await locate({ filename });
      expect(location.nativeUrl.endsWith(`/${filename}`)).toBe(true);
      expect((await send(location.signedUrl, hello, location.headers)).status).toBe(200);
      expect(await readFile(location.nativeUrl, "utf8")).toBe("hello");
    },
  );

  test("by name, equal content gets a fresh link and other content is refused [dataproxy 29,30,31]", async () => {
    const named = { filenameRoot: "once" };
    const first = await locate(named);
    expect((await send(first.signedUrl, hello, first.headers)).status).toBe(200);
    expect((await locate(named)).signedUrl).not.toBe("");
    await expect(locate({ ...named, contentMd5: new Uint8Array(16) })).rejects.toMatchObject({ code: 6 });
    await expect(locate({ ...named, contentMd5: new Uint8Array() })).rejects.toMatchObject({ code: 6 });
  });

  test("headers name the length only when it was given, and are spelled as SDKs spell them [dataproxy 37]", async () => {
    expect((await locate({ contentLength: 5n })).headers).toEqual({
      "Content-Length": "5",
      "Content-MD5": md5.toString("base64"),
    });
    expect((await locate({})).headers).toEqual({ "Content-MD5": md5.toString("base64") });
  });

  test("another body or another digest than the signed one is refused and leaves nothing [dataproxy 40]", async () => {
    const location = await locate({ filename: "strict.txt", contentLength: 5n });
    expect(
      (await send(location.signedUrl, Buffer.from("HELLO"), { "content-md5": md5.toString("base64") })).status,
    ).toBe(400);
    expect((await send(location.signedUrl, hello, { "content-md5": Buffer.alloc(16).toString("base64") })).status).toBe(
      400,
    );
    const folder = location.nativeUrl.slice(0, location.nativeUrl.lastIndexOf("/"));
    expect((await readdir(folder).catch(() => [])).filter((name) => name.includes("strict"))).toEqual([]);
    expect((await send(location.signedUrl, hello, location.headers)).status).toBe(200);
  });

  test("an extra content type is accepted [dataproxy 41]", async () => {
    const location = await locate({ filename: "typed.json" });
    expect(
      (await send(location.signedUrl, hello, { ...location.headers, "content-type": "application/json" })).status,
    ).toBe(200);
  });

  test("an expired or forged link is refused [dataproxy 42]", async () => {
    const location = await locate({ filename: "late.txt" });
    expect((await send(location.signedUrl.replace("late.txt", "else.txt"), hello)).status).toBe(403);
    proxy.clock.offset += 3_600_001;
    expect((await send(location.signedUrl, hello, location.headers)).status).toBe(403);
    proxy.clock.offset = 0;
  });

  test("a large upload that is refused is heard out before the answer", async () => {
    const location = await locate({ filename: "refused.bin" });
    const outgoing = request(location.signedUrl.replace("refused.bin", "else.bin"), { method: "PUT" });
    const answered = once(outgoing, "response");
    const sent = new Promise<Error | undefined>((resolve) => {
      outgoing.on("error", resolve);
      outgoing.write(Buffer.alloc(32 * 1024 * 1024), (error) => resolve(error ?? undefined));
    });
    expect(await sent).toBeUndefined();
    outgoing.end();
    const [answer] = (await answered) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(403);
  });

  test("an upload of 24 MiB streams through the server to one complete file", async () => {
    const body = Buffer.alloc(24 * 1024 * 1024, "0123456789abcdef");
    const digest = createHash("md5").update(body).digest();
    const location = await locate({
      filename: "large.bin",
      contentMd5: digest,
      contentLength: BigInt(body.byteLength),
    });
    expect((await send(location.signedUrl, body, { "content-md5": digest.toString("base64") })).status).toBe(200);
    const stored = createHash("md5")
      .update(await readFile(location.nativeUrl))
      .digest("hex");
    expect(stored).toBe(digest.toString("hex"));
  });
});
