import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer as createNetServer } from "node:net";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { DataPlaneError } from "@flyte-dataplane/core";
import { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import {
  GetRunDetailsRequestSchema,
  RunService,
  WatchRunsRequestSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterEach, describe, expect, test } from "vitest";
import { createMetrics, systemClock } from "../src/lifecycle/index.ts";
import { createServer, rpc, type Server, type ServerOptions } from "../src/server/index.ts";
import { type Recorded, runService } from "./run-service.ts";

const servers: Server[] = [];
const agents: Agent[] = [];

async function serve(options: Partial<ServerOptions> = {}): Promise<Server & { recorded: Recorded }> {
  const recorded = runService();
  const server = await createServer({
    services: [{ name: "test", rpc: recorded.services }],
    host: "localhost",
    port: 0,
    clock: systemClock,
    logger: recorded.logger,
    metrics: createMetrics(),
    ...options,
  });
  servers.push(server);
  return { ...server, recorded };
}

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
  readonly host?: string;
  readonly agent?: Agent;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

async function head(server: Server, sent: Sent): Promise<IncomingMessage> {
  const outgoing = httpRequest({
    host: sent.host ?? "127.0.0.1",
    port: server.port,
    path: sent.path,
    method: sent.method ?? (sent.body === undefined ? "GET" : "POST"),
    headers: sent.headers ?? {},
    agent: sent.agent ?? false,
  });
  outgoing.end(sent.body);
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  return incoming;
}

async function send(server: Server, sent: Sent): Promise<Got> {
  const incoming = await head(server, sent);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) };
}

const unaryPath = "/flyteidl2.workflow.RunService/GetRunDetails";
const streamPath = "/flyteidl2.workflow.RunService/WatchRuns";
const details = (name: string) =>
  toBinary(GetRunDetailsRequestSchema, create(GetRunDetailsRequestSchema, { runId: { name } }));
const watch = (org: string) =>
  toBinary(WatchRunsRequestSchema, create(WatchRunsRequestSchema, { target: { case: "org", value: org } }));
const proto = { "content-type": "application/proto" };
const connectStream = { "content-type": "application/connect+proto" };

function envelope(message: Uint8Array, flags = 0): Uint8Array {
  const framed = Buffer.alloc(5 + message.length);
  framed[0] = flags;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

describe("listening", () => {
  test("one port answers on both loopback families", async () => {
    const server = await serve();
    expect(server.urls).toEqual([`http://127.0.0.1:${server.port}`, `http://[::1]:${server.port}`]);
    for (const host of ["127.0.0.1", "::1"]) expect((await send(server, { path: "/healthz", host })).status).toBe(200);
  });

  test("a port in use is refused in one line that names it", async () => {
    const taken = createNetServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const refused = await serve({ port }).catch((error: unknown) => error);
    taken.close();
    expect(refused).toBeInstanceOf(DataPlaneError);
    expect(refused).toMatchObject({
      code: "already_exists",
      message: `listen localhost:${port}: the port is in use; choose another with --port, or 0 for any that is free`,
    });
  });
});

describe("health", () => {
  test("readyz names each check that fails, with its reason", async () => {
    const health = [
      { name: "database", check: () => Promise.reject(new Error("no connection")) },
      { name: "store", check: () => Promise.resolve() },
    ];
    const server = await serve({ services: [{ name: "cache", rpc: [], health }] });
    const answer = await send(server, { path: "/readyz" });
    expect(answer.status).toBe(503);
    expect(answer.body.toString()).toBe("cache/database: no connection");
    expect((await send(server, { path: "/healthz" })).status).toBe(200);
  });

  test("a check that hangs makes the process not ready", async () => {
    let slept = 0;
    const clock = {
      now: () => 0,
      sleep: (ms: number) => {
        slept = ms;
        return Promise.resolve();
      },
    };
    const server = await serve({
      clock,
      services: [{ name: "cache", rpc: [], health: [{ name: "database", check: () => new Promise(() => undefined) }] }],
    });
    const answer = await send(server, { path: "/readyz" });
    expect(answer.body.toString()).toBe("cache/database: no answer within 2000 ms");
    expect(slept).toBe(2000);
  });

  test("metrics shows what services counted", async () => {
    const metrics = createMetrics();
    metrics.counter({ name: "things_total", help: "Things.", labels: ["kind"] }).add(3, { kind: "a" });
    const server = await serve({ metrics });
    const answer = await send(server, { path: "/metrics" });
    expect(answer.body.toString()).toContain('things_total{kind="a"} 3');
  });

  test("metrics counts calls by procedure and code", async () => {
    const server = await serve();
    for (const name of ["r", "absent", "absent"])
      await send(server, { path: unaryPath, headers: proto, body: details(name) });
    const shown = (await send(server, { path: "/metrics" })).body.toString();
    const labels = 'service="flyteidl2.workflow.RunService",method="GetRunDetails"';
    expect(shown).toContain(`rpc_server_calls_total{${labels},code="ok"} 1`);
    expect(shown).toContain(`rpc_server_calls_total{${labels},code="not_found"} 2`);
    expect(shown).toContain(`rpc_server_seconds_count{${labels}} 3`);
  });

  test("a service's own route is reached, and an unknown path is not found", async () => {
    const server = await serve({
      services: [{ name: "files", rpc: [], http: (app) => void app.get("/files/:name", (request) => request.params) }],
    });
    expect((await send(server, { path: "/files/x" })).body.toString()).toBe('{"name":"x"}');
    expect((await send(server, { path: "/nothing?signature=1" })).body.toString()).toBe("nothing at GET /nothing\n");
  });
});

describe("who may call", () => {
  test.each(["localhost", "127.0.0.1", "[::1]", "LOCALHOST:1", "localhost."])(
    "host %s is one of ours",
    async (host) => {
      expect((await send(await serve(), { path: "/healthz", headers: { host } })).status).toBe(200);
    },
  );

  test.each(["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:80", "localhost@evil.example"])(
    "host %s is refused",
    async (host) => {
      const server = await serve();
      for (const path of ["/healthz", unaryPath]) {
        const answer = await send(server, { path, headers: { ...proto, host }, body: details("r"), method: "POST" });
        expect(answer.status).toBe(403);
      }
    },
  );

  test("a configured name is one of ours", async () => {
    const server = await serve({ hostNames: ["data.example"] });
    expect((await send(server, { path: "/healthz", headers: { host: "data.example:80" } })).status).toBe(200);
  });

  test.each([
    { name: "a preflight", method: "OPTIONS", headers: { "access-control-request-method": "POST" } },
    { name: "a simple request", method: "POST", headers: { "content-type": "text/plain" } },
    { name: "a procedure call", method: "POST", headers: proto },
  ])("$name of a page on another origin is refused before any handler runs", async ({ method, headers }) => {
    const server = await serve();
    for (const origin of ["https://evil.example", "null", "http://localhost:1"]) {
      const answer = await send(server, {
        path: unaryPath,
        method,
        headers: { ...headers, origin },
        body: details("broken"),
      });
      expect(answer.status).toBe(403);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }
    expect(server.recorded.errors).toEqual([]);
  });

  test("a page on an allowed origin may call, and its preflight is answered [runs 4]", async () => {
    const origin = "http://localhost:3000";
    const server = await serve({ origins: [origin] });
    const asked = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,connect-protocol-version",
    };
    const preflight = await send(server, { path: unaryPath, method: "OPTIONS", headers: asked });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-headers": "content-type,connect-protocol-version",
    });
    const call = await send(server, { path: unaryPath, headers: { ...proto, origin }, body: details("r") });
    expect(call.status).toBe(200);
    expect(call.headers["access-control-allow-origin"]).toBe(origin);
  });
});

describe("Connect over HTTP/1.1", () => {
  test("a gzip body is read, and a large answer comes back gzip when asked for [runs 2]", async () => {
    const server = await serve();
    const headers = { ...proto, "content-encoding": "gzip", "accept-encoding": "gzip" };
    const answer = await send(server, { path: unaryPath, headers, body: gzipSync(details("n".repeat(5000))) });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-encoding"]).toBe("gzip");
    expect(answer.headers["content-type"]).toBe("application/proto");
  });

  test("a body of 64 MiB is taken", async () => {
    const server = await serve();
    const answer = await send(server, {
      path: unaryPath,
      headers: { ...proto, "accept-encoding": "gzip" },
      body: details("n".repeat(64 << 20)),
    });
    expect(answer.status).toBe(200);
  });

  test("a body past the limit is refused as resource exhausted, whether it is long or only becomes so", async () => {
    const server = await serve({ maxMessageBytes: 1000 });
    const long = details("n".repeat(1001));
    for (const [headers, body] of [
      [proto, long],
      [{ ...proto, "content-encoding": "gzip" }, gzipSync(long)],
    ] as const) {
      const answer = await send(server, { path: unaryPath, headers, body });
      expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "resource_exhausted" });
    }
  });

  const nested = (() => {
    // Field 1 of a message is again such a message, 10,000 deep.
    let bytes = Buffer.alloc(0);
    for (let depth = 0; depth < 10_000; depth += 1) {
      const length: number[] = [];
      for (let rest = bytes.length; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest);
        if (rest <= 127) break;
      }
      bytes = Buffer.concat([Buffer.from([10, ...length]), bytes]);
    }
    return bytes;
  })();
  test.each([
    { name: "a truncated message", headers: proto, body: details("run").subarray(0, -1) },
    { name: "bytes that are no message", headers: proto, body: Buffer.from([0xff, 0xff, 0xff]) },
    { name: "invalid UTF-8", headers: proto, body: Buffer.from([10, 3, 34, 1, 0xff]) },
    { name: "what is not gzip", headers: { ...proto, "content-encoding": "gzip" }, body: Buffer.from("no") },
    { name: "broken JSON", headers: { "content-type": "application/json" }, body: Buffer.from("{") },
    {
      name: "JSON nested too deep",
      headers: { "content-type": "application/json" },
      body: Buffer.from("[".repeat(100_000)),
    },
  ])("$name is an invalid argument and the server goes on", async ({ headers, body }) => {
    const server = await serve();
    const answer = await send(server, { path: unaryPath, headers, body });
    expect({ status: answer.status, ...JSON.parse(answer.body.toString()) }).toMatchObject({
      status: 400,
      code: "invalid_argument",
    });
    expect((await send(server, { path: unaryPath, headers: proto, body: details("r") })).status).toBe(200);
  });

  test("a message nested ten thousand deep is answered, not crashed on", async () => {
    const server = await serve();
    const answer = await send(server, { path: unaryPath, headers: proto, body: nested });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "invalid_argument" });
    expect((await send(server, { path: "/healthz" })).status).toBe(200);
  });

  test("a procedure without side effects answers GET, one with them does not", async () => {
    const server = await serve();
    const query = `?connect=v1&encoding=proto&base64=1&message=${Buffer.from(details("r")).toString("base64url")}`;
    expect((await send(server, { path: unaryPath + query })).status).toBe(200);
    expect((await send(server, { path: `/flyteidl2.workflow.RunService/AbortRun${query}` })).status).toBe(405);
  });

  test.each([
    { name: "Connect", type: "application/proto", status: 404 },
    { name: "gRPC-Web", type: "application/grpc-web+proto", status: 200 },
  ])(
    "a procedure of a service not served is unimplemented, not a page, over $name [runs 175]",
    async ({ type, status }) => {
      const path = "/flyteidl2.secret.SecretService/ListSecrets";
      const answer = await send(await serve(), { path, headers: { "content-type": type }, body: new Uint8Array() });
      expect(answer.status).toBe(status);
      if (status === 200) expect(answer.headers["grpc-status"]).toBe("12");
      else expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "unimplemented" });
    },
  );

  test("an unknown method of a service of ours is unimplemented", async () => {
    const answer = await send(await serve(), {
      path: "/flyteidl2.workflow.RunService/Nothing",
      headers: proto,
      body: details("r"),
    });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "unimplemented" });
  });

  test.each([
    { name: "an unknown method", path: "/flyteidl2.workflow.RunService/Nothing", headers: proto },
    { name: "a wrong content type", path: unaryPath, headers: { "content-type": "text/plain" } },
    { name: "a message past the limit", path: unaryPath, headers: proto },
  ])("after $name with a body of megabytes the next call on the connection succeeds", async ({ path, headers }) => {
    const server = await serve({ maxMessageBytes: 1000 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    for (let round = 0; round < 5; round += 1) {
      const refused = await send(server, { path, headers, body: new Uint8Array(4 << 20), agent });
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect((await send(server, { path: unaryPath, headers: proto, body: details("r"), agent })).status).toBe(200);
    }
  });
});

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

describe("shutting down", () => {
  function client(server: Server, httpVersion: "1.1" | "2" = "1.1") {
    return createClient(
      RunService,
      createConnectTransport({ baseUrl: `http://localhost:${server.port}`, httpVersion }),
    );
  }
  async function code(call: Promise<unknown>): Promise<string> {
    return call.then(
      () => "ended",
      (error: unknown) => (error instanceof ConnectError ? (Code[error.code] ?? "") : String(error)),
    );
  }
  async function drain(messages: AsyncIterable<unknown>): Promise<void> {
    for await (const message of messages) void message;
  }

  test.each([
    { org: "quiet", httpVersion: "1.1" },
    { org: "deaf", httpVersion: "1.1" },
    { org: "quiet", httpVersion: "2" },
  ] as const)(
    "a watch that is $org ends with unavailable at once over HTTP/$httpVersion",
    async ({ org, httpVersion }) => {
      const server = await serve();
      const begun = server.recorded.waiting();
      const call = code(drain(client(server, httpVersion).watchRuns({ target: { case: "org", value: org } })));
      await begun;
      await server.close();
      expect(await call).toBe("Unavailable");
      expect(server.recorded.errors).toEqual([]);
    },
  );

  test("a unary call that ends within the deadline is answered; new connections are refused meanwhile", async () => {
    let finish: () => void = () => undefined;
    let reached: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const slow = (): Promise<string> => {
      reached();
      return new Promise((resolve) => {
        finish = () => resolve("done");
      });
    };
    const server = await serve({ services: [{ name: "files", rpc: [], http: (app) => void app.get("/slow", slow) }] });
    const answer = send(server, { path: "/slow" });
    await begun;
    const closing = server.close();
    await expect(send(server, { path: "/healthz" })).rejects.toThrow("ECONNREFUSED");
    finish();
    expect((await answer).body.toString()).toBe("done");
    await closing;
  });

  test("a unary call that outlasts the deadline is unavailable", async () => {
    const server = await serve({ drainMs: 20 });
    const begun = server.recorded.waiting();
    const call = code(client(server).getRunDetails({ runId: { name: "slow" } }));
    await begun;
    await server.close();
    expect(await call).toBe("Unavailable");
  });
});
