/** Bytes in which the decoder would see some message, though nobody wrote one. */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { envelope, proto, send, serve, streamPath, unaryPath } from "./listening-server.ts";

/** The run identifier says that it has two bytes; its name, inside, says five. */
const overrun = Uint8Array.of(0x0a, 0x02, 0x22, 0x05, 0x61, 0x62, 0x63, 0x64, 0x65);
/** The organization, a text, as a number. */
const wrongType = Uint8Array.of(0x10, 0x05);

describe("a request whose fields contradict each other", () => {
  const says = /decode the request as flyteidl2\.workflow\.GetRunDetailsRequest: .* at run_id\.\w+, offset \d/;

  test.each([
    { name: "plain", encoding: {}, body: overrun },
    { name: "gzip", encoding: { "content-encoding": "gzip" }, body: gzipSync(overrun) },
    { name: "br", encoding: { "content-encoding": "br" }, body: brotliCompressSync(overrun) },
  ])("is an invalid argument with its place: $name", async ({ encoding, body }) => {
    const server = await serve();
    const answer = await send(server, { path: unaryPath, headers: { ...proto, ...encoding }, body });
    expect(answer.status).toBe(400);
    const error = JSON.parse(answer.body.toString()) as { code: string; message: string };
    expect(error.code).toBe("invalid_argument");
    expect(error.message).toMatch(says);
  });

  test.each([
    { name: "Connect", headers: { "content-type": "application/connect+proto" }, body: envelope(wrongType) },
    {
      name: "Connect, gzip",
      headers: { "content-type": "application/connect+proto", "connect-content-encoding": "gzip" },
      body: envelope(gzipSync(wrongType), 1),
    },
    { name: "gRPC-Web", headers: { "content-type": "application/grpc-web+proto" }, body: envelope(wrongType) },
  ])("ends a stream with an invalid argument: $name", async ({ headers, body }) => {
    const answer = await send(await serve(), { path: streamPath, headers, body });
    expect(answer.status).toBe(200);
    // gRPC-Web may have the status in the head, percent-encoded, or in a last frame.
    const all = decodeURIComponent(
      `${JSON.stringify(answer.headers)}${answer.body.toString("latin1").replace(/%(?![0-9A-F]{2})/g, "")}`,
    );
    expect(all).toMatch(/"code":"invalid_argument"|"?grpc-status"?:\s*"?3/i);
    expect(all).toMatch(/decode the request as flyteidl2\.workflow\.WatchRunsRequest: wire type 0 where 2 belongs at /);
  });
});
