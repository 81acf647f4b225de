/** A listening server on the small run service, and requests put together by hand. Both end with each test. */
import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  GetRunDetailsRequestSchema,
  WatchRunsRequestSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterEach, expect } from "vitest";
import { createMetrics, systemClock } from "../src/lifecycle/index.ts";
import { createServer, type Server, type ServerOptions } from "../src/server/index.ts";
import { type Recorded, runService } from "./run-service.ts";

const servers: Server[] = [];
const agents: Agent[] = [];

export async function serve(options: Partial<ServerOptions> = {}): Promise<Server & { recorded: Recorded }> {
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

export interface Sent {
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

export async function head(server: Server, sent: Sent): Promise<IncomingMessage> {
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

export async function send(server: Server, sent: Sent): Promise<Got> {
  const incoming = await head(server, sent);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) };
}

export const unaryPath = "/flyteidl2.workflow.RunService/GetRunDetails";
export const streamPath = "/flyteidl2.workflow.RunService/WatchRuns";
export const details = (name: string) =>
  toBinary(GetRunDetailsRequestSchema, create(GetRunDetailsRequestSchema, { runId: { name } }));
export const watch = (org: string) =>
  toBinary(WatchRunsRequestSchema, create(WatchRunsRequestSchema, { target: { case: "org", value: org } }));
export const proto = { "content-type": "application/proto" };
export const connectStream = { "content-type": "application/connect+proto" };

export function envelope(message: Uint8Array, flags = 0): Uint8Array {
  const framed = Buffer.alloc(5 + message.length);
  framed[0] = flags;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

/** An agent that keeps one connection and uses it for one request after the other. */
export function oneConnection(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return agent;
}

/** An honest call is still answered. */
export async function healthy(server: Server): Promise<void> {
  const answer = await send(server, { path: unaryPath, headers: proto, body: details("r") });
  expect(answer.status).toBe(200);
}
