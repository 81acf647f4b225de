import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { details, oneConnection, proto, send, serve, unaryPath } from "./listening-server.ts";

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
    const agent = oneConnection();
    for (let round = 0; round < 5; round += 1) {
      const refused = await send(server, { path, headers, body: new Uint8Array(4 << 20), agent });
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect((await send(server, { path: unaryPath, headers: proto, body: details("r"), agent })).status).toBe(200);
    }
  });
});
