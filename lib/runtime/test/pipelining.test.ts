/** What one connection may do to the calls on it that a caller with a connection for each never does. */
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { createMetrics } from "../src/lifecycle/index.ts";
import { details, envelope, healthy, proto, send, serve, streamPath, unaryPath, watch } from "./listening-server.ts";

test("calls that queue behind one another on a connection all end when it does", async () => {
  // Longer than this test may take: a call left behind would hold the drain so long.
  const server = await serve({ drainMs: 600_000 });
  const socket = connect(server.port, "127.0.0.1");
  const body = details("slow");
  const head = `POST ${unaryPath} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: ${body.length}\r\n\r\n`;
  for (let n = 0; n < 20; n += 1) {
    const begun = server.recorded.waiting();
    socket.write(Buffer.concat([Buffer.from(head), body]));
    await begun;
  }
  socket.destroy();
  await server.close();
  expect(server.recorded.errors).toEqual([]);
});

/** Everything that `socket` is told until `times` answers have begun, and the last one's message has come. */
async function answers(socket: Socket, times: number): Promise<readonly string[]> {
  let heard = "";
  for (;;) {
    const parts = heard.split(/(?=HTTP\/1\.1 )/);
    const last = parts.at(-1) ?? "";
    const length = Number(/^content-length: (\d+)/im.exec(last)?.[1] ?? Number.NaN);
    if (parts.length === times && last.length >= last.indexOf("\r\n\r\n") + 4 + length) return parts;
    heard += ((await once(socket, "data"))[0] as Buffer).toString("latin1");
  }
}

test("calls that come in one write are answered in their order, whichever handler is the first to end", async () => {
  const server = await serve();
  const socket = connect(server.port, "127.0.0.1");
  const call = (name: string): string =>
    `POST ${unaryPath} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: ${details(name).length}\r\n\r\n${Buffer.from(details(name)).toString()}`;
  const names = ["first", "absent", "third"];
  socket.write(names.map(call).join(""));
  const got = await answers(socket, 3);
  expect(got.map((answer) => answer.split(" ")[1])).toEqual(["200", "404", "200"]);
  expect(got[0]).toContain("first");
  expect(got[2]).toContain("third");
  socket.destroy();
});

test("a call whose deadline passes within its body is answered when that ends, and the connection carries the next", async () => {
  const server = await serve();
  const socket = connect(server.port, "127.0.0.1");
  const body = Buffer.from(details("late"));
  const head = `POST ${unaryPath} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: ${body.length}\r\n`;
  socket.write(`${head}Connect-Timeout-Ms: 1\r\nExpect: 100-continue\r\n\r\n`);
  expect(String((await once(socket, "data"))[0])).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  socket.write(body.subarray(0, 2));
  // A longer deadline, begun later, that passed.
  const other = await send(server, {
    path: unaryPath,
    headers: { ...proto, "connect-timeout-ms": "20" },
    body: details("slow"),
  });
  expect(other.status).toBe(504);
  socket.write(body.subarray(2));
  expect((await answers(socket, 1))[0]).toMatch(/^HTTP\/1\.1 504 /);
  socket.write(`${head}\r\n${body.toString()}`);
  expect((await answers(socket, 1))[0]).toMatch(/^HTTP\/1\.1 200 /);
  socket.destroy();
});

test("calls over HTTP/2 end when their connection's other half does, whether or not the caller said so before", async () => {
  const metrics = createMetrics();
  const server = await serve({ drainMs: 0, metrics });
  for (const session of [true, false]) {
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    const http2 = connectHttp2(`http://localhost:${server.port}`, { createConnection: () => socket });
    const begin = (path: string, type: string) => {
      const stream = http2.request({ ":method": "POST", ":path": path, "content-type": type });
      stream.on("error", () => undefined);
      return stream;
    };
    const begun = server.recorded.waiting();
    begin(streamPath, "application/grpc").end(envelope(watch("quiet")));
    await begun;
    begin(unaryPath, "application/grpc").write("abc");
    await vi.waitFor(async () => expect(await metrics.render()).toMatch(/rpc_server_calls_in_flight\{.*\} 1/), 20_000);
    if (session) http2.destroy();
    else socket.end();
    await vi.waitFor(async () => {
      const figures = await metrics.render();
      expect(figures).toMatch(/rpc_server_calls_in_flight\{.*\} 0/);
      expect(figures).toMatch(/rpc_server_open_streams\{.*\} 0/);
    }, 20_000);
    socket.destroy();
  }
});

test("a request for a tunnel, which names no path, is refused and the server goes on", async () => {
  const server = await serve();
  const session = connectHttp2(`http://127.0.0.1:${server.port}`);
  const stream = session.request({ ":method": "CONNECT", ":authority": `localhost:${server.port}` });
  const [answer] = (await once(stream, "response")) as [Record<string, unknown>];
  expect(answer[":status"]).toBe(405);
  session.destroy();
  await healthy(server);
});
