import { Buffer } from "node:buffer";
import { afterEach, describe, expect, it } from "vitest";
import { createStores } from "../src/stores.ts";
import { instantClock } from "./instant-clock.ts";
import { failureOf } from "./wire/client-under-test.ts";
import { type ScriptedPeer, type ScriptedServer, startScripted } from "./wire/scripted-server.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** A server whose first answer breaks off in its middle; what it is asked for next. */
async function breakingOff(first: string, rest: (peer: ScriptedPeer) => void): Promise<ScriptedServer> {
  const server = await startScripted(async (peer, connection) => {
    await peer.head();
    if (connection > 1) rest(peer);
    else peer.socket.end(first);
  });
  open.push(server);
  return server;
}

async function read(origin: string): Promise<string> {
  const stores = createStores({ clock: instantClock(), network: { env: {}, writes: "async" } });
  open.push(stores);
  const chunks: Buffer[] = [];
  for await (const chunk of (await stores.web(`${origin}/file`)).body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

const part = (headers: string, range: string): string =>
  `HTTP/1.1 206 Partial Content\r\n${headers}content-range: bytes ${range}\r\ncontent-length: 5\r\n\r\n`;

describe("a body from the web that broke off", () => {
  it("is not complete when the rest ends before the size that was told at first", async () => {
    const version = 'etag: "a"\r\n';
    const server = await breakingOff(`HTTP/1.1 200 OK\r\n${version}content-length: 100\r\n\r\nhello`, (peer) =>
      peer.say(`${part(version, "5-9/*")}world`),
    );
    expect(await failureOf(read(server.origin))).toMatchObject({ code: "data_loss" });
  });

  it("is not complete when nobody tells whether the rest is all of it", async () => {
    const version = 'etag: "a"\r\n';
    const server = await breakingOff(
      `HTTP/1.1 200 OK\r\n${version}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`,
      (peer) => peer.say(`${part(version, "5-9/*")}world`),
    );
    expect(await failureOf(read(server.origin))).toMatchObject({ code: "failed_precondition" });
  });

  const moment = "Sat, 21 Nov 2026 19:00:00 GMT";
  it.each([
    { version: "a weak ETag", headers: 'etag: W/"a"\r\n' },
    { version: "a second of change that goes on", headers: `date: ${moment}\r\nlast-modified: ${moment}\r\n` },
  ])("does not go on by $version, which other bytes may have too", async ({ headers }) => {
    const server = await breakingOff(`HTTP/1.1 200 OK\r\n${headers}content-length: 10\r\n\r\naaaaa`, (peer) =>
      peer.say(`${part(headers, "5-9/10")}bbbbb`),
    );
    expect(await failureOf(read(server.origin))).toMatchObject({ code: "unavailable" });
    expect(server.accepted).toBe(1);
  });

  it("goes on by a time of change that was over when the server answered", async () => {
    const headers = `date: Sat, 21 Nov 2026 19:00:01 GMT\r\nlast-modified: ${moment}\r\n`;
    const server = await breakingOff(`HTTP/1.1 200 OK\r\n${headers}content-length: 10\r\n\r\naaaaa`, (peer) =>
      peer.say(`${part(headers, "5-9/10")}aaaaa`),
    );
    expect(await read(server.origin)).toBe("aaaaaaaaaa");
  });
});

describe("a part that nobody asked for", () => {
  it("is not taken for the whole", async () => {
    const server = await startScripted(async (peer) => {
      await peer.head();
      peer.say(`${part('etag: "a"\r\n', "0-4/*")}hello`);
    });
    open.push(server);
    expect(await failureOf(read(server.origin))).toMatchObject({ code: "failed_precondition" });
  });
});
