/** What one connection may do to the calls on it that a caller with a connection for each never does. */
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { details, healthy, serve, unaryPath } from "./listening-server.ts";

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

test("a request for a tunnel, which names no path, is refused and the server goes on", async () => {
  const server = await serve();
  const session = connectHttp2(`http://127.0.0.1:${server.port}`);
  const stream = session.request({ ":method": "CONNECT", ":authority": `localhost:${server.port}` });
  const [answer] = (await once(stream, "response")) as [Record<string, unknown>];
  expect(answer[":status"]).toBe(405);
  session.destroy();
  await healthy(server);
});
