/** An error that a handler had from another server brings that server's headers along; ours answers all the same. */
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { expect, test } from "vitest";
import { rpc } from "../src/server/index.ts";
import { serve } from "./listening-server.ts";

const foreign = {
  connection: "keep-alive",
  "content-length": "9",
  "content-type": "text/plain",
  "keep-alive": "timeout=5",
  "retry-after": "3",
  "transfer-encoding": "chunked",
};
const cases: readonly { readonly name: string; readonly transport: (baseUrl: string) => Transport }[] = [
  { name: "Connect over HTTP/1.1", transport: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }) },
  { name: "Connect over HTTP/2", transport: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }) },
  { name: "gRPC", transport: (baseUrl) => createGrpcTransport({ baseUrl }) },
  { name: "gRPC-Web over HTTP/1.1", transport: (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }) },
  { name: "gRPC-Web over HTTP/2", transport: (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }) },
];

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}

test.each(cases)("another server's error reaches a caller of $name", async ({ transport }) => {
  const failing = rpc(RunService, {
    getRunDetails: () => {
      throw new ConnectError("no such run", Code.NotFound, foreign);
    },
    watchRuns: async function* () {
      yield await Promise.reject(new ConnectError("no such run", Code.NotFound, foreign));
    },
  });
  const server = await serve({ services: [{ name: "runs", rpc: [failing] }] });
  const client = createClient(RunService, transport(`http://127.0.0.1:${server.port}`));
  const unary = await client.getRunDetails({}).catch((error: unknown) => error);
  const streamed = await drain(client.watchRuns({})).catch((error: unknown) => error);
  for (const error of [unary, streamed]) {
    expect(error).toBeInstanceOf(ConnectError);
    const { code, rawMessage, metadata } = ConnectError.from(error);
    expect([code, rawMessage, metadata.get("retry-after")]).toEqual([Code.NotFound, "no such run", "3"]);
  }
});
