import { Buffer } from "node:buffer";
import { mkdtemp, open as openFile, readFile, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { collect, describeDriver, expectBytes, expectCode, someBytes, text } from "../src/conformance/index.ts";
import type { Driver } from "../src/driver.ts";
import type { HttpConfig } from "../src/drivers/http/config.ts";
import { openHttpDriver } from "../src/drivers/http/driver.ts";
import { openMemoryDriver } from "../src/drivers/memory/driver.ts";
import { encodeKey } from "../src/drivers/s3/sign.ts";
import { createWireClient } from "../src/wire/client.ts";
import { wallClock } from "./file-store.ts";
import { unreadSockets } from "./s3/s3-store.ts";
import { scriptedWire } from "./s3/scripted-wire.ts";
import { serveObject, serveWeb, type WebServer } from "./web-server.ts";

const openAt = (origin: string, config: Partial<HttpConfig> = {}): Driver =>
  openHttpDriver({ origin, ...config }, { clock: wallClock, wire: createWireClient({ writes: "async" }) });

/** Reads over HTTP what was written into memory behind the server: a web server takes no objects itself. */
describeDriver("http", async () => {
  let memory: Driver = openMemoryDriver({ clock: wallClock });
  const server = await serveWeb((request, response) => serveObject(memory, request, response));
  return {
    open() {
      memory = openMemoryDriver({ clock: wallClock });
      return Promise.resolve(readingOver(openAt(server.endpoint), memory));
    },
    leftovers: () => unreadSockets(server.endpoint),
    close: () => server.close(),
  };
});

function readingOver(web: Driver, memory: Driver): Driver {
  const named = <T extends { readonly key: string }>(info: T, key: string): T => ({ ...info, key });
  return {
    scheme: web.scheme,
    capabilities: { ...memory.capabilities, metadata: false, multipart: false, sign: false },
    head: async (key, options) => named(await web.head(encodeKey(key), options), key),
    async get(key, options) {
      const read = await web.get(encodeKey(key), options);
      return { ...read, info: named(read.info, key) };
    },
    async put(key, body, options) {
      if (options?.metadata !== undefined) return await web.put(key, body, options);
      return await memory.put(key, body, options);
    },
    async *list(prefix, options) {
      // The headers of HTTP have whole seconds.
      for await (const { key, size, etag, modifiedAt } of memory.list(prefix, options)) {
        yield { key, size, etag, modifiedAt: Math.floor(modifiedAt / 1000) * 1000 };
      }
    },
    delete: (key, options) => memory.delete(key, options),
    async close() {
      await web.close();
      await memory.close();
    },
  };
}

describe("a web server", () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<WebServer> => {
    const server = await serveWeb(answer);
    open.push(server);
    return server;
  };
  const driverAt = (origin: string, config?: Partial<HttpConfig>): Driver => {
    const driver = openAt(origin, config);
    open.push(driver);
    return driver;
  };
  const sent = ({ requests }: WebServer): readonly string[] => requests.map(({ method, url }) => `${method} ${url}`);

  it("is asked for exactly the path and query of the address", async () => {
    const server = await serve((_request, response) => response.end("x"));
    await collect(driverAt(server.endpoint).get("../a//%2f/b?sig=a+b%20c&&"));
    expect(sent(server)).toEqual(["GET /../a//%2f/b?sig=a+b%20c&&"]);
  });

  it("takes no objects", async () => {
    const driver = driverAt("http://127.0.0.1:1");
    await expectCode(driver.put("a", text("x")), "unimplemented");
    await expectCode(driver.delete("a"), "unimplemented");
    await expectCode(driver.list("")[Symbol.asyncIterator]().next(), "unimplemented");
  });

  it("that redirects is followed to the object, its own words of the address kept", async () => {
    const other = await serve((_request, response) => response.end("found"));
    const server = await serve((_request, response) =>
      response.writeHead(302, { location: `${other.endpoint}/a//../b?sig=%2b+x` }).end(),
    );
    expectBytes(await collect(driverAt(server.endpoint).get("a")), "found");
    expect(sent(other)).toEqual(["GET /a//../b?sig=%2b+x"]);
  });

  it.each([301, 302, 303, 307, 308])("that redirects with status %i is followed beside itself", async (status) => {
    const server = await serve((request, response) =>
      request.url === "/folder/a" ? response.writeHead(status, { location: "b?x=1" }).end() : response.end("found"),
    );
    expectBytes(await collect(driverAt(server.endpoint).get("folder/a")), "found");
    expect(sent(server)[1]).toBe("GET /folder/b?x=1");
  });

  it("that redirects to another host does not pass our headers on, and gets them again at home", async () => {
    const other = await serve((_request, response) => response.end("found"));
    const server = await serve((_request, response) =>
      response.writeHead(307, { location: `${other.endpoint}/b` }).end(),
    );
    const driver = driverAt(server.endpoint, { headers: { authorization: "Bearer hidden" } });
    await collect(driver.get("a", { range: { offset: 0, length: 5 } }));
    expect(server.requests[0]?.headers.authorization).toBe("Bearer hidden");
    expect(other.requests[0]?.headers).not.toHaveProperty("authorization");
    expect(other.requests[0]?.headers.range).toBe("bytes=0-4");
  });

  it.each([
    { name: "in a circle", location: "/a" },
    { name: "to a file of this machine", location: "file:///etc/passwd" },
    { name: "to an address with a user's name", location: "http://user:hidden@127.0.0.1:1/" },
    { name: "to no address", location: "http://" },
  ])("that redirects $name ends in one error without the query", async ({ location }) => {
    const server = await serve((_request, response) => response.writeHead(301, { location }).end());
    const read = driverAt(server.endpoint, { maxRedirects: 3 }).get("a?sig=hidden");
    await expectCode(read, "failed_precondition");
    await expect(read).rejects.not.toThrow(/hidden/);
    expect(server.requests.length).toBeLessThanOrEqual(4);
  });

  it("over TLS is not followed to a line without it, where a signed query could be read", async () => {
    const wire = scriptedWire(() => ({ status: 302, headers: { location: "http://host/b?sig=hidden" } }));
    const read = openHttpDriver({ origin: "https://host" }, { clock: wallClock, wire }).get("a");
    await expectCode(read, "failed_precondition");
    await expect(read).rejects.not.toThrow(/hidden/);
    expect(wire.sent).toHaveLength(1);
  });

  it.each([
    { name: "from the middle", range: { offset: 100_000, length: 200_000 }, from: 100_000, to: 300_000 },
    { name: "to the end", range: { offset: 399_999 }, from: 399_999, to: 400_000 },
    { name: "past the end", range: { offset: 400_001 }, from: 400_000, to: 400_000 },
    { name: "of nothing", range: { offset: 5, length: 0 }, from: 0, to: 0 },
  ])("that knows no ranges gives the whole, of which the part $name is cut, in chunks and into files", async (row) => {
    const bytes = someBytes(400_000);
    const server = await serve((_request, response) =>
      response.writeHead(200, { "content-length": bytes.byteLength }).end(bytes),
    );
    const driver = driverAt(server.endpoint);
    const expected = bytes.subarray(row.from, row.to);
    expectBytes(await collect(driver.get("a", { range: row.range })), expected);
    const folder = await mkdtemp(path.join(tmpdir(), "flyte-dataplane-web-"));
    const file = await openFile(path.join(folder, "part"), "w");
    try {
      const read = await driver.get("a", { range: row.range });
      expect(await read.toFile?.({ fd: file.fd, position: 3 })).toBe(expected.byteLength);
      expectBytes((await readFile(path.join(folder, "part"))).subarray(3), Buffer.from(expected));
    } finally {
      await file.close();
      await rm(folder, { recursive: true });
    }
  });

  it("that tells no length gives a body of unknown size, whole", async () => {
    const bytes = someBytes(300_000);
    const server = await serve((_request, response) => {
      response.write(bytes.subarray(0, 100_000));
      response.end(bytes.subarray(100_000));
    });
    const read = await driverAt(server.endpoint).get("a");
    expect(read.info.size).toBe(Number.POSITIVE_INFINITY);
    expectBytes(await collect(Promise.resolve(read)), bytes);
  });

  it("that breaks off a body of unknown size is unavailable", async () => {
    const server = await serve((_request, response) => {
      response.write(someBytes(100_000));
      setImmediate(() => response.destroy());
    });
    await expectCode(collect(driverAt(server.endpoint).get("a")), "unavailable");
  });

  it("that refuses HEAD, as for a link signed to read, is asked for one byte", async () => {
    const server = await serve((request, response) =>
      request.method === "HEAD"
        ? response.writeHead(403).end()
        : response.writeHead(206, { "content-range": "bytes 0-0/4000", "content-length": 1, etag: '"1"' }).end("x"),
    );
    expect(await driverAt(server.endpoint).head("a")).toMatchObject({ size: 4000, etag: '"1"' });
  });

  it("that gives other bytes than were asked for is refused", async () => {
    const server = await serve((_request, response) =>
      response.writeHead(206, { "content-range": "bytes 0-4/10", "content-length": 5 }).end("abcde"),
    );
    const driver = driverAt(server.endpoint);
    await expectCode(driver.get("a", { range: { offset: 5, length: 5 } }), "failed_precondition");
    await expectCode(driver.get("a", { range: { offset: 0, length: 4 } }), "failed_precondition");
  });

  it("that names no version gives no part of one", async () => {
    const server = await serve((_request, response) => response.end("x"));
    const driver = driverAt(server.endpoint);
    const { info, body } = await driver.get("a");
    for await (const _chunk of body) break;
    await expectCode(driver.get("a", { ifMatch: info.etag }), "aborted");
  });
});
