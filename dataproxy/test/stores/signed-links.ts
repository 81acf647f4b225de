/** What callers get from links into an object store, held against a server that judges signatures. */
import { createHash } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { formatStorageUri, parseStorageUri } from "@flyte-dataplane/core";
import { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import {
  ArtifactType,
  CreateUploadLocationRequestSchema,
  DataProxyService,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { readObject, type S3Settings, statObject, writeObject } from "@flyte-dataplane/storage";
import { type FaultProxy, type StoreServer, startFaultProxy } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Harness, openDataproxy } from "../harness.ts";
import { action, runs, uris } from "../recorded-actions.ts";

const hello = Buffer.from("hello");
const md5 = createHash("md5").update(hello).digest();
const contentMd5 = md5.toString("base64");
const folder = "uploads/flytesnacks/development";

/** Declares the tests; `start` gives a fresh server. */
export function describeSignedLinks(start: () => Promise<StoreServer>): void {
  let server: StoreServer;
  let bucket: string;
  /** Between the dataproxy and the store, which callers reach directly. */
  let between: FaultProxy;
  let proxy: Harness;
  beforeAll(async () => {
    server = await start();
    bucket = await server.createBucket();
    between = await startFaultProxy(server.endpoint);
    proxy = await openDataproxy({
      runs,
      store: {
        base: `s3://${bucket}/base`,
        s3: settingsFor(server, between.endpoint),
        links: { endpoint: server.endpoint, byHost: {} },
      },
    });
  });
  beforeEach(() => between.reset());
  afterAll(async () => {
    await proxy.close();
    await between.close();
    await server.stop();
  });

  const locate = (request: MessageInitShape<typeof CreateUploadLocationRequestSchema>) =>
    createClient(DataProxyService, proxy.transport).createUploadLocation({
      project: "flytesnacks",
      domain: "development",
      contentMd5: md5,
      addContentMd5Metadata: true,
      filename: "a.txt",
      ...request,
    });
  const exists = (uri: string) => statObject(proxy.stores, uri);

  describe("an upload", () => {
    test("with exactly the headers given is stored, with its MD5 beside it [dataproxy 39]", async () => {
      const location = await locate({ contentLength: 5n });
      expect(location.headers).toEqual({
        "Content-Length": "5",
        "Content-MD5": contentMd5,
        "x-amz-meta-flyteContentMD5": contentMd5,
      });
      expect(await put(location)).toBe(200);
      expect((await exists(location.nativeUrl))?.metadata).toEqual({ flytecontentmd5: contentMd5 });
    });

    test("of another body, or with another Content-MD5, is refused by the store [dataproxy 40]", async () => {
      const location = await locate({ filename: "strict.txt" });
      expect(await put(location, Buffer.from("HELLO"))).toBeOneOf([400, 403]);
      const other = createHash("md5").update("HELLO").digest("base64");
      expect(await put(location, Buffer.from("HELLO"), { "Content-MD5": other })).toBeOneOf([400, 403]);
      expect(await exists(location.nativeUrl)).toBeUndefined();
    });

    test("with a content type of its own is accepted [dataproxy 41]", async () => {
      expect(await put(await locate({ filename: "typed" }), hello, { "Content-Type": "text/html" })).toBe(200);
    });

    test("after the link's end is refused [dataproxy 42]", async () => {
      const location = await locate({ filename: "late.txt", expiresIn: durationFromMs(1000) });
      await expect.poll(() => put(location), { timeout: 20_000, interval: 250 }).toBe(403);
    });

    test("of more bytes than were announced is refused by the store [dataproxy B8]", async () => {
      const location = await locate({
        filename: "",
        filenameRoot: "sized",
        contentMd5: new Uint8Array(),
        contentLength: 5n,
      });
      const { "Content-Length": _length, ...headers } = location.headers;
      expect(await put({ ...location, headers }, Buffer.from("hello, and more"))).toBe(403);
      expect(await exists(location.nativeUrl)).toBeUndefined();
      expect(await put(location)).toBe(200);
    });

    test("without metadata asked for signs none and names none [dataproxy 36]", async () => {
      const { headers, signedUrl } = await locate({ addContentMd5Metadata: false });
      expect(headers).toEqual({ "Content-MD5": contentMd5 });
      expect(new URL(signedUrl).searchParams.get("X-Amz-SignedHeaders")).toBe("content-md5;host");
    });

    test.each(["my file.txt", "é.txt", "a+b&c=d;e[1]:f.txt", "文件.txt"])(
      "named %j lies under that very name for PUT, HEAD and GET [dataproxy 28]",
      async (filename) => {
        const location = await locate({ filename });
        expect(location.nativeUrl.endsWith(`/${filename}`)).toBe(true);
        expect(await put(location)).toBe(200);
        expect((await exists(location.nativeUrl))?.size).toBe(5);
        const bytes = await readObject(proxy.stores, location.nativeUrl, { maxBytes: 100 });
        expect(Buffer.from(bytes).toString()).toBe("hello");
      },
    );
  });

  describe("an upload by name", () => {
    test("gets a link where nothing lies, and a fresh one where the same content does [dataproxy 29,31]", async () => {
      const first = await locate({ filenameRoot: "named" });
      expect(first.nativeUrl).toBe(`s3://${bucket}/base/${folder}/named/a.txt`);
      expect(await put(first)).toBe(200);
      const again = await locate({ filenameRoot: "named" });
      expect(await put(again)).toBe(200);
    });

    test("is refused where something lies and no MD5 is given [dataproxy 30]", async () => {
      expect(await put(await locate({ filenameRoot: "taken" }))).toBe(200);
      await expect(locate({ filenameRoot: "taken", contentMd5: new Uint8Array() })).rejects.toMatchObject({ code: 6 });
    });

    test("is refused where other content lies, or content without a note of its MD5 [dataproxy 32]", async () => {
      expect(await put(await locate({ filenameRoot: "other" }))).toBe(200);
      await expect(locate({ filenameRoot: "other", contentMd5: Buffer.alloc(16) })).rejects.toMatchObject({ code: 6 });
      await writeObject(proxy.stores, `s3://${bucket}/base/${folder}/unnoted/a.txt`, hello);
      await expect(locate({ filenameRoot: "unnoted" })).rejects.toMatchObject({ code: 6 });
    });

    test("asks the store once; by content, or without a file name, it asks nothing [dataproxy 33]", async () => {
      await locate({});
      await locate({ filename: "", filenameRoot: "folder" });
      expect(between.requests).toEqual([]);
      await locate({ filenameRoot: "asked" });
      expect(between.requests.map(({ method }) => method)).toEqual(["HEAD"]);
    });

    test("is an internal error where the store cannot say what lies there [dataproxy 34]", async () => {
      between.inject({ effect: { kind: "answer", status: 403 }, times: Number.POSITIVE_INFINITY });
      await expect(locate({ filenameRoot: "unknown" })).rejects.toMatchObject({ code: 13 });
      expect(between.met).toBeGreaterThan(0);
    });
  });

  describe("an address of the store that only callers know", () => {
    test("stands in links, while the server asks at its own [dataproxy 43]", async () => {
      const { signedUrl, nativeUrl } = await locate({ filenameRoot: "elsewhere" });
      expect(new URL(signedUrl).origin).toBe(server.endpoint);
      expect(new URL(signedUrl).pathname).toBe(`/${bucket}/${parseStorageUri(nativeUrl).key}`);
      expect(between.requests[0]?.headers.get("host")).toBe(new URL(between.endpoint).host);
    });

    test("may differ by the host that a call was sent to [dataproxy B10]", async () => {
      const own = await openDataproxy({
        hostNames: ["pods.example", "elsewhere.example"],
        store: {
          base: `s3://${bucket}/base`,
          s3: settingsFor(server, server.endpoint),
          links: { endpoint: "http://laptop.example:9000", byHost: { "pods.example": "http://store.pods:9000" } },
        },
      });
      try {
        for (const [host, origin] of [
          ["pods.example", "http://store.pods:9000"],
          ["elsewhere.example", "http://laptop.example:9000"],
        ] as const) {
          const client = createClient(DataProxyService, transportAs(host, own.url));
          const { signedUrl } = await client.createUploadLocation({
            project: "flytesnacks",
            domain: "development",
            contentMd5: md5,
          });
          expect(new URL(signedUrl).origin).toBe(origin);
        }
      } finally {
        await own.close();
      }
    });
  });

  describe("a download link", () => {
    const link = (name: string) =>
      createClient(DataProxyService, proxy.transport).createDownloadLink({
        artifactType: ArtifactType.REPORT,
        source: { case: "actionAttemptId", value: { actionId: action(name), attempt: 1 } },
      });
    const report = (place: string): string => `s3://${bucket}/${place}/flytesnacks/development/r1/a0/1/report.html`;

    test("to the report of an attempt, which a shard comes before, gives its bytes for an hour [dataproxy 66]", async () => {
      const reportUri = report("xt/base");
      await writeObject(proxy.stores, reportUri, Buffer.from("<p>done</p>"));
      uris.set("s3-report", { reportUri });
      const { preSignedUrls } = await link("s3-report");
      expect(preSignedUrls?.signedUrl).toHaveLength(1);
      const life = timestampMs(preSignedUrls?.expiresAt ?? never()) - proxy.clock.now();
      expect(life).toBeGreaterThan(3_500_000);
      expect(life).toBeLessThanOrEqual(3_600_000);
      const answer = await fetch(preSignedUrls?.signedUrl[0] ?? "");
      expect(await answer.text()).toBe("<p>done</p>");
    });

    test.each(["elsewhere", "xt/elsewhere", "xyz/base", "xt/yu/base"])(
      "into the same bucket, but to %s, is refused [dataproxy 68,B11]",
      async (place) => {
        const reportUri = report(place);
        await writeObject(proxy.stores, reportUri, hello);
        uris.set("s3-foreign", { reportUri });
        await expect(link("s3-foreign")).rejects.toMatchObject({ code: 7 });
      },
    );

    test("to a report that is gone is not given [dataproxy 65]", async () => {
      uris.set("s3-gone", { reportUri: report("xt/base/gone") });
      await expect(link("s3-gone")).rejects.toMatchObject({ code: 5 });
    });

    test("to an input that nobody named is refused", async () => {
      const client = createClient(DownloadService, proxy.transport);
      await expect(
        client.createDataLink({ actionAttemptId: { actionId: action("s3-report"), attempt: 1 } }),
      ).rejects.toMatchObject({ code: 3 });
    });
  });

  test("the server is ready once the bucket is there, and says before that it is not [dataproxy 2]", async () => {
    const missing = `s3://${bucket}-later`;
    const own = await openDataproxy({ store: { base: missing, s3: settingsFor(server, server.endpoint) } });
    try {
      const early = await fetch(`${own.url}/readyz`);
      expect(early.status).toBe(503);
      expect(await early.text()).toContain(formatStorageUri(parseStorageUri(missing)));
      expect((await server.send("PUT", `/${bucket}-later`)).status).toBe(200);
      // What the store said last stands for some seconds.
      own.clock.offset += 5_000;
      const late = await fetch(`${own.url}/readyz`);
      expect([late.status, await late.text()]).toEqual([200, "OK"]);
    } finally {
      await own.close();
    }
  });
}

/** What reaches the server at `endpoint`. */
export function settingsFor({ region, accessKeyId, secretAccessKey }: StoreServer, endpoint: string): S3Settings {
  const secret = { text: secretAccessKey };
  return { endpoint, region, flatKeys: false, credentials: { kind: "given", accessKeyId, secret } };
}

/** Calls that say they were sent to `host`. */
function transportAs(host: string, baseUrl: string) {
  return createConnectTransport({
    baseUrl,
    httpVersion: "1.1",
    useBinaryFormat: true,
    interceptors: [
      (next) => async (request) => {
        request.header.set("host", host);
        return await next(request);
      },
    ],
  });
}

interface Location {
  readonly signedUrl: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The status that the store answers to a PUT of `body` with the link's headers, some replaced. */
async function put({ signedUrl, headers }: Location, body = hello, own: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(signedUrl, {
    method: "PUT",
    headers: { ...headers, ...own, connection: "close" },
    body: Uint8Array.from(body),
  });
  await answer.arrayBuffer();
  return answer.status;
}

function never(): never {
  throw new Error("the answer has no expiry");
}
