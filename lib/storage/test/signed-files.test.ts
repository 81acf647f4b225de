import { Buffer } from "node:buffer";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import type { Clock } from "@flyte-dataplane/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { md5, someBytes, text } from "../src/conformance/index.ts";
import { createStores, type Stores, writeObject } from "../src/index.ts";
import { openDescriptors, partialFiles, temporaryFolder } from "./file-store.ts";
import { type FileServer, serveHttp } from "./serve-http.ts";

let folder: string;
let stores: Stores;
let server: FileServer;
let now = 1_000_000;
const clock: Clock = { now: () => now, sleep: (ms) => sleep(ms) };
let sleep: (ms: number) => Promise<void>;
const bytes = someBytes(200_000);

beforeEach(async () => {
  folder = await temporaryFolder();
  // No limit of time passes unless a test says so.
  sleep = () => new Promise(() => undefined);
  now = 1_000_000;
  const signing = { key: new Uint8Array(32).fill(3), endpoint: () => server.endpoint };
  stores = createStores({ clock, file: { durability: "fast", signing } });
  server = await serveHttp(stores);
});

afterEach(async () => {
  await server.close();
  await stores.close();
  expect(await partialFiles(folder)).toEqual([]);
  expect(await openDescriptors(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

const key = (): string => `${folder.slice(1)}/up/file.bin`;

async function signPut(options: { contentMd5?: Uint8Array; contentLength?: number } = {}): Promise<string> {
  const bucket = await stores.bucket({ scheme: "file", bucket: "", key: "" });
  return (await bucket.signPut(key(), { expiresAt: now + 60_000, ...options })).url;
}

async function signGet(downloadName?: string): Promise<string> {
  const bucket = await stores.bucket({ scheme: "file", bucket: "", key: "" });
  return (await bucket.signGet(key(), { expiresAt: now + 60_000, ...(downloadName !== undefined && { downloadName }) }))
    .url;
}

async function put(url: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { method: "PUT", body: Buffer.from(body), headers });
  await response.arrayBuffer();
  return response.status;
}

const base64 = (digest: Uint8Array): string => Buffer.from(digest).toString("base64");

describe("signed uploads to our own server", () => {
  it("with the headers that clients of object stores send are stored", async () => {
    const url = await signPut({ contentMd5: md5(bytes), contentLength: bytes.byteLength });
    expect(await put(url, bytes, { "content-md5": base64(md5(bytes)), "content-type": "text/csv" })).toBe(200);
    expect((await (await fetch(await signGet())).arrayBuffer()).byteLength).toBe(bytes.byteLength);
  });

  it("may be repeated: the same link stores the same bytes again", async () => {
    const url = await signPut({ contentMd5: md5(bytes) });
    expect(await put(url, bytes)).toBe(200);
    expect(await put(url, bytes)).toBe(200);
  });

  it("of a moment later than the link's are refused by the server's clock", async () => {
    const url = await signPut();
    now += 60_000;
    expect(await put(url, bytes)).toBe(403);
  });

  it("with a Content-MD5 that the body has not are refused, also where none was signed", async () => {
    expect(await put(await signPut(), bytes, { "content-md5": base64(md5(text("other"))) })).toBe(400);
    expect(
      await put(await signPut({ contentMd5: md5(bytes) }), bytes, { "content-md5": base64(md5(text("other"))) }),
    ).toBe(400);
  });

  it("with If-None-Match do not replace", async () => {
    expect(await put(await signPut(), bytes, { "if-none-match": "*" })).toBe(200);
    expect(await put(await signPut(), text("x"), { "if-none-match": "*" })).toBe(412);
  });

  it("that break off leave nothing", async () => {
    const { hostname, port, pathname, search } = new URL(await signPut({ contentLength: 200_000 }));
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n`);
    socket.write(bytes.subarray(0, 100_000));
    await until(async () => (await partialFiles(folder)).length === 1);
    socket.destroy();
    await until(() => Promise.resolve(server.answers.length === 1));
    expect(server.answers[0]?.status).toBeGreaterThanOrEqual(400);
    expect((await fetch(await signGet())).status).toBe(404);
  });

  it("that are refused close the connection, whose rest would be taken for the next request", async () => {
    const response = await fetch((await signPut()).replace("expires=", "expires=9"), {
      method: "PUT",
      body: Buffer.from(bytes),
    });
    await response.arrayBuffer();
    expect(response.status).toBe(403);
    expect(response.headers.get("connection")).toBe("close");
  });

  it.each([
    { name: "a forged link", forge: true, framing: "Content-Length: 33554432\r\n\r\n", status: 403 },
    { name: "another length than signed", forge: false, framing: "Content-Length: 33554432\r\n\r\n", status: 400 },
    {
      name: "more bytes than signed, unannounced",
      forge: false,
      framing: "Transfer-Encoding: chunked\r\n\r\n2000000\r\n",
      status: 400,
    },
  ])(
    "of 32 MiB that are refused for $name are heard out, and the caller reads why",
    async ({ forge, framing, status }) => {
      const { hostname, port, pathname, search } = new URL(await signPut({ contentLength: 5 }));
      const target = forge ? `${pathname}${search.replace("expires=", "expires=9")}` : `${pathname}${search}`;
      const socket = connect(Number(port), hostname);
      const received: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => received.push(chunk));
      const ended = once(socket, "end");
      socket.on("error", () => undefined);
      socket.write(`PUT ${target} HTTP/1.1\r\nHost: x\r\n${framing}`);
      // Far more than the buffers of both ends hold.
      const sent = new Promise<Error | undefined>((resolve) =>
        socket.write(Buffer.alloc(32 * 1024 * 1024), (error) => resolve(error ?? undefined)),
      );
      if (framing.startsWith("Transfer")) socket.write("\r\n0\r\n\r\n");
      expect(await sent).toBeUndefined();
      await ended;
      expect(Buffer.concat(received).toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    },
  );

  it("that are refused are not heard for ever: past 30 s the answer comes over the unread rest", async () => {
    const { hostname, port, pathname, search } = new URL(await signPut());
    const asked: number[] = [];
    sleep = (ms) => {
      asked.push(ms);
      return Promise.resolve();
    };
    const socket = connect(Number(port), hostname);
    const answered = once(socket, "data");
    socket.write(`PUT ${pathname}${search.replace("expires=", "expires=9")} HTTP/1.1\r\nHost: x\r\n`);
    socket.write("Content-Length: 1000\r\n\r\nonly this");
    const [answer] = (await answered) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 403 /);
    expect(asked).toEqual([30_000]);
    socket.destroy();
  });

  it("say nothing of the link in what is logged", async () => {
    const url = await signPut();
    await put(url.replace("signature=", "signature=A"), bytes);
    const secret = new URL(url).searchParams.get("signature") ?? "";
    const { error } = server.answers[0] ?? {};
    expect(`${error?.message} ${error?.ref} ${error?.stack}`).not.toContain(secret.slice(1));
  });
});

describe("signed downloads from our own server", () => {
  beforeEach(async () => {
    await writeObject(stores, path.join(folder, "up", "file.bin"), bytes);
  });

  it.each([
    { range: "bytes=0-0", status: 206, from: 0, to: 1 },
    { range: "bytes=199999-", status: 206, from: 199_999, to: 200_000 },
    { range: "bytes=-10", status: 206, from: 199_990, to: 200_000 },
    { range: "bytes=100-999999999", status: 206, from: 100, to: 200_000 },
    { range: "bytes=200000-", status: 416, from: 0, to: 0 },
    { range: "bytes=-0", status: 416, from: 0, to: 0 },
    { range: "bytes=5-4", status: 200, from: 0, to: 200_000 },
    { range: "bytes=0-1,3-4", status: 200, from: 0, to: 200_000 },
    { range: "lines=1-2", status: 200, from: 0, to: 200_000 },
    { range: "bytes=-", status: 200, from: 0, to: 200_000 },
  ])("range $range is answered $status", async ({ range, status, from, to }) => {
    const response = await fetch(await signGet(), { headers: { range } });
    const received = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(status);
    expect(received.equals(Buffer.from(bytes.subarray(from, to)))).toBe(true);
    expect(response.headers.get("content-length")).toBe((to - from).toString());
  });

  it("HEAD has the headers of GET and no body", async () => {
    const url = await signGet("report.html");
    const head = await fetch(url, { method: "HEAD" });
    expect((await head.arrayBuffer()).byteLength).toBe(0);
    expect(head.headers.get("content-length")).toBe("200000");
    expect(head.headers.get("content-disposition")).toContain('filename="report.html"');
  });

  it("never run as a page of this server", async () => {
    const response = await fetch(await signGet("report.html"));
    await response.arrayBuffer();
    expect(response.headers.get("content-security-policy")).toBe("sandbox");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("a caller that hangs up lets go of the file", async () => {
    await writeObject(stores, path.join(folder, "up", "file.bin"), someBytes(30_000_000));
    const caller = new AbortController();
    const response = await fetch(await signGet(), { signal: caller.signal });
    await response.body?.getReader().read();
    caller.abort();
    await until(async () => (await openDescriptors(folder)).length === 0);
  });

  it("hostile names and methods are refused with a status, never a crash", async () => {
    const url = await signGet();
    for (const [method, target] of [
      ["DELETE", url],
      ["POST", url],
      ["GET", url.replace("/signed-files/", "/signed-files/..%2f..%2f")],
      ["GET", url.replace("/signed-files/", "/signed-files/%00")],
      ["GET", url.replace("/signed-files/", "/signed-files/%ff")],
      ["GET", url.replace("signature=", "signature=%00&signature=")],
      ["GET", `${server.endpoint}/signed-files/`],
      ["GET", `${server.endpoint}/elsewhere`],
    ] as const) {
      const response = await fetch(target, { method });
      await response.arrayBuffer();
      expect([403, 404], `${method} ${target}`).toContain(response.status);
    }
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
