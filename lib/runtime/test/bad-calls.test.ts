/** Calls that no honest client makes: each gets its code, and the next caller never notices. */
import { type EventEmitter, once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { create } from "@bufbuild/protobuf";
import { RunService, WatchRunsResponseSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterEach, describe, expect, test } from "vitest";
import { rpc, type Server } from "../src/server/index.ts";
import {
  connectStream,
  details,
  envelope,
  head,
  healthy,
  proto,
  send,
  serve,
  streamPath,
  unaryPath,
  watch,
} from "./listening-server.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function open(server: Server): Promise<Socket> {
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  sockets.push(socket);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Resolves when `connection` is closed, with or without an error of its own. */
function closing(connection: EventEmitter): Promise<void> {
  return new Promise((resolve) => connection.once("close", () => resolve()));
}

function codeOf(body: Buffer): string {
  return (JSON.parse(body.toString()) as { code: string }).code;
}

describe("a deadline", () => {
  test.each([
    { text: "0", code: "deadline_exceeded" },
    { text: "-5", code: "invalid_argument" },
    { text: "1e3", code: "invalid_argument" },
    { text: "99999999999", code: "invalid_argument" },
  ])("of $text milliseconds is $code over Connect", async ({ text, code }) => {
    const headers = { ...proto, "connect-timeout-ms": text };
    const answer = await send(await serve(), { path: unaryPath, headers, body: details("r") });
    expect(codeOf(answer.body)).toBe(code);
  });

  test.each([
    { name: "Connect", headers: { ...proto, "connect-timeout-ms": "9999999999" }, body: details("r") },
    {
      name: "gRPC-Web",
      headers: { "content-type": "application/grpc-web+proto", "grpc-timeout": "99999999H" },
      body: envelope(details("r")),
    },
  ])("of months is none that cuts a call short over $name", async ({ headers, body }) => {
    const answer = await send(await serve(), { path: unaryPath, headers, body });
    expect(answer.status).toBe(200);
    expect(answer.body.toString("latin1")).not.toContain("grpc-status: 4");
  });

  test.each([
    { text: "0n", status: 4 },
    { text: "-1S", status: 3 },
    { text: "123456789S", status: 3 },
    { text: "5x", status: 3 },
  ])("of $text ends with status $status over gRPC-Web", async ({ text, status }) => {
    const headers = { "content-type": "application/grpc-web+proto", "grpc-timeout": text };
    const answer = await send(await serve(), { path: unaryPath, headers, body: envelope(details("r")) });
    expect(answer.body.toString("latin1")).toContain(`grpc-status: ${status}\r\n`);
  });
});

describe("a request that does not fit its protocol", () => {
  test("with flags that nobody knows is an invalid argument", async () => {
    const body = envelope(watch("o"), 0x40);
    const answer = await send(await serve(), { path: streamPath, headers: connectStream, body });
    expect(answer.body.toString("latin1")).toContain('"invalid_argument"');
  });

  test.each([
    { name: "no message", body: new Uint8Array() },
    { name: "two messages", body: Buffer.concat([envelope(watch("o")), envelope(watch("o"))]) },
  ])("with $name where one belongs is unimplemented", async ({ body }) => {
    const answer = await send(await serve(), { path: streamPath, headers: connectStream, body });
    expect(answer.body.toString("latin1")).toContain('"unimplemented"');
  });

  test("packed in a way that is not ours is unimplemented, and says which are", async () => {
    const headers = { ...proto, "content-encoding": "zstd" };
    const answer = await send(await serve(), { path: unaryPath, headers, body: details("r") });
    expect(codeOf(answer.body)).toBe("unimplemented");
    expect(answer.headers["accept-encoding"]).toBe("gzip,br");
  });

  test("of another version of Connect is an invalid argument", async () => {
    const headers = { ...proto, "connect-protocol-version": "2" };
    const answer = await send(await serve(), { path: unaryPath, headers, body: details("r") });
    expect(codeOf(answer.body)).toBe("invalid_argument");
  });

  test("by a method that is none is told which are", async () => {
    const answer = await send(await serve(), { path: unaryPath, method: "PUT", headers: proto, body: details("r") });
    expect(answer.status).toBe(405);
    expect(answer.headers["allow"]).toBe("GET, POST");
  });

  test("with fields that nobody knows is answered as if they were not there [dataproxy 9]", async () => {
    const server = await serve();
    // Field 100, a varint; the same in JSON.
    const unknown = Buffer.concat([details("r"), Buffer.from([0xa0, 0x06, 0x01])]);
    expect((await send(server, { path: unaryPath, headers: proto, body: unknown })).status).toBe(200);
    const json = Buffer.from('{"runId":{"name":"r","nobodyKnows":[1]},"nor":{"this":null}}');
    const answer = await send(server, { path: unaryPath, headers: { "content-type": "application/json" }, body: json });
    expect(answer.status).toBe(200);
  });
});

describe("a request larger than it looks", () => {
  test("is given up as soon as it passes the limit, and packs of them do not add up", async () => {
    const server = await serve({ maxMessageBytes: 1 << 20 });
    const bomb = gzipSync(Buffer.alloc(256 << 20));
    const before = process.memoryUsage().rss;
    const headers = { ...proto, "content-encoding": "gzip" };
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => send(server, { path: unaryPath, headers, body: bomb })),
    );
    for (const { body } of answers) expect(codeOf(body)).toBe("resource_exhausted");
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
    await healthy(server);
  });

  test("in its announcement is refused before it comes, and its connection ends", async () => {
    const server = await serve({ maxMessageBytes: 1000 });
    const socket = await open(server);
    socket.write(
      `POST ${unaryPath} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: 1000000000\r\n\r\n`,
    );
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(socket, "end");
    const answer = Buffer.concat(chunks).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 429 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    expect(answer).toContain('"resource_exhausted"');
  });

  test("by a million headers is cut off, and the server goes on", async () => {
    const server = await serve();
    const socket = await open(server);
    let said = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      said += text;
    });
    const closed = closing(socket);
    socket.write(`POST ${unaryPath} HTTP/1.1\r\nHost: localhost\r\n`);
    for (let sent = 0; sent < 1_000_000 && !socket.destroyed; sent += 10_000) {
      const lines = Array.from({ length: 10_000 }, (_, at) => `x-${sent + at}: 1\r\n`).join("");
      if (!socket.write(lines)) await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), closed]);
    }
    socket.end();
    await closed;
    expect(said).toMatch(/^HTTP\/1\.1 431 |^$/);
    await healthy(server);
  });

  test("by its headers over HTTP/2 is refused, and the server goes on", async () => {
    const server = await serve();
    const session = connectHttp2(`http://127.0.0.1:${server.port}`, { maxSendHeaderBlockLength: 1 << 26 });
    session.on("error", () => undefined);
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`x-${at}`, "1"]));
    const stream = session.request({ ":method": "POST", ":path": unaryPath, ...many });
    stream.on("error", () => undefined);
    stream.on("response", () => expect.unreachable("five thousand headers were taken"));
    await closing(stream);
    expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.destroy();
    await healthy(server);
  });
});

describe("a caller that stops halfway", () => {
  test("before it told its protocol is hung up on", async () => {
    const server = await serve();
    const socket = await open(server);
    socket.write("PRI * HT");
    socket.resume();
    await once(socket, "end");
    await healthy(server);
  });

  test("behind the preface of HTTP/2, and sends what is none, is hung up on", async () => {
    const server = await serve();
    const socket = await open(server);
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    socket.write(Buffer.alloc(10_000, 0xff));
    socket.resume();
    await once(socket, "end");
    await healthy(server);
  });

  test("inside its request's body, or by a reset over HTTP/2, leaves no call behind", async () => {
    const server = await serve();
    const socket = await open(server);
    socket.end(
      `POST ${unaryPath} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: 100\r\n\r\nab`,
    );
    socket.resume();
    await once(socket, "close");
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    const stream = session.request({ ":method": "POST", ":path": unaryPath, ...proto });
    stream.write("ab");
    await once(session, "remoteSettings");
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, "close");
    session.close();
    await healthy(server);
    // A call left behind would hold the drain until its deadline.
    await server.close();
  });

  test.each([
    { name: "refused", headers: { "content-type": "text/plain" }, status: 415 },
    { name: "too large", headers: { ...proto, "content-length": "2000000000" }, status: 429 },
    { name: "cut by its deadline", headers: { "content-type": "application/grpc", "grpc-timeout": "1m" }, status: 200 },
  ])("over HTTP/2 and $name while it still sends is answered and told to stop", async ({ headers, status }) => {
    const server = await serve();
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    const stream = session.request({ ":method": "POST", ":path": unaryPath, ...headers });
    stream.write("ab");
    stream.resume();
    const closed = closing(stream);
    const [answer] = (await once(stream, "response")) as [Record<string, unknown>];
    expect(answer[":status"]).toBe(status);
    await closed;
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    session.close();
    await server.close();
  });

  test("reading a stream stops its handler, which is asked for no more than buffers hold", async () => {
    let yielded = 0;
    const handlers = {
      watchRuns: async function* () {
        for (;;) {
          yielded += 1;
          // A handler that always has more, as a log that is read from a file.
          await new Promise((resolve) => setImmediate(resolve));
          yield create(WatchRunsResponseSchema, { runs: [{ action: { id: { name: "n".repeat(100_000) } } }] });
        }
      },
    };
    const server = await serve({ services: [{ name: "runs", rpc: [rpc(RunService, handlers)] }] });
    const incoming = await head(server, { path: streamPath, headers: connectStream, body: envelope(watch("o")) });
    let before = -1;
    // Nobody reads: it comes to rest, and well before what is in flight matters.
    while (before !== yielded) {
      before = yielded;
      for (let turn = 0; turn < 2000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(yielded * 100_000).toBeLessThan(32 << 20);
    incoming.destroy();
  });
});
