import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { describe, expect, test } from "vitest";
import { rpc } from "../src/server/index.ts";
import {
  connectStream,
  details,
  envelope,
  head,
  proto,
  send,
  serve,
  streamPath,
  unaryPath,
  watch,
} from "./listening-server.ts";

describe("HTTP/2 on the same port", () => {
  test("a preface that arrives in pieces is still one", async () => {
    const server = await serve();
    const socket = connect(server.port, "127.0.0.1");
    const answered = once(socket, "data");
    for (const piece of ["P", "RI * HT", "TP/2.0\r\n\r\nSM\r\n\r\n"]) {
      await new Promise((resolve) => socket.write(piece, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    const [frame] = (await answered) as [Buffer];
    // The fourth byte of HTTP/2's first frame is its type: settings.
    expect(frame[3]).toBe(4);
    socket.destroy();
  });

  test("a connection that says nothing does not keep the server from closing", async () => {
    const server = await serve();
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    const closed = once(socket, "close");
    await server.close();
    await closed;
  });

  test.each(["", "PRI", "GE"])("a caller that says %j and closes is let go", async (said) => {
    const server = await serve();
    const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.resume();
    const closed = once(socket, "end");
    await once(socket, "connect");
    socket.end(said);
    await closed;
  });

  test("a caller that closes its half behind its request is answered", async () => {
    const server = await serve();
    const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    const answered = once(socket, "data");
    socket.end("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [answer] = (await answered) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  test("a foreign authority and a page on another origin are refused", async () => {
    const server = await serve();
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    for (const headers of [{ ":authority": "evil.example" }, { origin: "https://evil.example" }]) {
      const stream = session.request({ ":method": "POST", ":path": unaryPath, ...proto, ...headers });
      stream.end(details("broken"));
      const [answer] = (await once(stream, "response")) as [Record<string, unknown>];
      expect(answer[":status"]).toBe(403);
    }
    expect(server.recorded.errors).toEqual([]);
    session.close();
  });

  test("a stream both ways needs it: over HTTP/1.1 the answer is 505 with an error that says so [runs 176]", async () => {
    const server = await serve({ services: [{ name: "runs", rpc: [rpc(InternalRunService, {})] }] });
    const path = "/flyteidl2.workflow.InternalRunService/RecordActionStream";
    const answer = await send(server, { path, headers: connectStream, body: envelope(new Uint8Array()) });
    expect(answer.status).toBe(505);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      code: "unimplemented",
      message: expect.stringContaining("HTTP/2") as string,
    });
  });
});

describe("gRPC over HTTP/1.1", () => {
  test.each([
    { name: "r", status: "0" },
    { name: "absent", status: "5" },
  ])("the status of a call for $name comes in the trailers", async ({ name, status }) => {
    const headers = { "content-type": "application/grpc+proto", te: "trailers" };
    const incoming = await head(await serve(), { path: unaryPath, headers, body: envelope(details(name)) });
    incoming.resume();
    await once(incoming, "end");
    expect(incoming.statusCode).toBe(200);
    expect(incoming.trailers["grpc-status"]).toBe(status);
  });
});

describe("streams", () => {
  test("the head of a stream without messages goes out at once, with exactly the stream's content type", async () => {
    const server = await serve();
    const incoming = await head(server, { path: streamPath, headers: connectStream, body: envelope(watch("quiet")) });
    expect(incoming.statusCode).toBe(200);
    expect(incoming.headers["content-type"]).toBe("application/connect+proto");
    incoming.destroy();
    await expect.poll(() => server.recorded.ended).toEqual(["aborted"]);
  });

  test("a stream that its caller reads slowly waits for it and arrives whole", async () => {
    const server = await serve();
    const incoming = await head(server, { path: streamPath, headers: connectStream, body: envelope(watch("long")) });
    let size = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(size).toBeGreaterThan(200 * 100_000);
  });

  test("a gzip envelope is read", async () => {
    const headers = { ...connectStream, "connect-content-encoding": "gzip", "connect-accept-encoding": "gzip" };
    const answer = await send(await serve(), {
      path: streamPath,
      headers,
      body: envelope(gzipSync(watch("absent")), 1),
    });
    expect(answer.headers["connect-content-encoding"]).toBe("gzip");
    expect(answer.body.toString("latin1")).toContain('"not_found"');
  });

  test("an envelope that holds no message ends the stream with invalid argument", async () => {
    const answer = await send(await serve(), {
      path: streamPath,
      headers: connectStream,
      body: envelope(Buffer.from([0xff])),
    });
    expect(answer.status).toBe(200);
    expect(answer.body.toString("latin1")).toContain('"invalid_argument"');
  });

  test("a truncated envelope ends the stream with invalid argument", async () => {
    const answer = await send(await serve(), {
      path: streamPath,
      headers: connectStream,
      body: envelope(watch("o")).subarray(0, 6),
    });
    expect(answer.body.toString("latin1")).toContain('"invalid_argument"');
  });
});
