/**
 * Answers remote procedure calls: Connect, gRPC and gRPC-Web over one handler table. A request finds its procedure by its
 * path and its protocol by its content type; everything else is the protocol's own file.
 */
import { Code, ConnectError } from "@connectrpc/connect";
import type { Logger } from "@flyte-dataplane/core";
import type { CallHook } from "../server/call-hook.ts";
import type { Calls } from "../server/calls.ts";
import type { RpcService } from "../server/service.ts";
import { codecName } from "./codecs.ts";
import { errorJson, grpcStatus } from "./error-detail.ts";
import type { Exchange } from "./exchange.ts";
import { serveFramed } from "./framed-call.ts";
import type { FramedProtocol, FramedRequest } from "./framed-protocol.ts";
import { serveFramedUnary } from "./framed-unary.ts";
import type { RpcEnvironment } from "./open-call.ts";
import { createProcedureTable, looksLikeProcedure, type Procedure } from "./procedure.ts";
import { connectStream } from "./protocol-connect-stream.ts";
import { type ConnectRequest, serveConnectUnary } from "./protocol-connect-unary.ts";
import { grpc } from "./protocol-grpc.ts";
import { grpcWeb } from "./protocol-grpc-web.ts";
import { takeRest } from "./read-body.ts";

export interface RpcAdapterOptions {
  readonly services: readonly RpcService[];
  /** Largest message taken, and largest that one may become when it is unpacked; default 128 MiB. */
  readonly maxMessageBytes?: number | undefined;
  readonly hooks: readonly CallHook[];
  readonly logger: Logger;
}

/** Answers the request when it is for a procedure, of ours or not; false leaves it to others. */
export type RpcAdapter = (exchange: Exchange) => boolean;

const defaultMaxMessageBytes = 128 * 1024 * 1024;

export function createRpcAdapter(options: RpcAdapterOptions, calls: Calls): RpcAdapter {
  const { byPath, registry } = createProcedureTable(options.services);
  const environment: RpcEnvironment = {
    maxBytes: options.maxMessageBytes ?? defaultMaxMessageBytes,
    registry,
    calls,
    hooks: options.hooks,
    logger: options.logger,
    fault: (exchange, error) => {
      options.logger.error({ path: exchange.path, error }, "call could not be answered");
      exchange.destroy();
    },
  };
  const serve = (exchange: Exchange, procedure: Procedure): Promise<void> | undefined => {
    const { method, path } = exchange;
    if (procedure.method.methodKind === "bidi_streaming" && exchange.httpVersion === 1)
      return refuse(exchange, 505, `${path.slice(1)} streams both ways, which needs HTTP/2`, environment);
    if (method === "GET" && procedure.readOnly && procedure.method.methodKind === "unary") {
      const query = new URLSearchParams(exchange.query);
      const codec = codecName(query.get("encoding") ?? undefined);
      if (codec === undefined) return turnAway(exchange, 415, {});
      return serveConnectUnary(exchange, procedure, { codec, query }, environment);
    }
    if (method !== "POST") return turnAway(exchange, 405, { allow: procedure.readOnly ? "GET, POST" : "POST" });
    const spoken = protocolOf(exchange.headers["content-type"] ?? "");
    const unary = procedure.method.methodKind === "unary";
    if (
      spoken === undefined ||
      (spoken.protocol === "connect" && !unary) ||
      (spoken.protocol === connectStream && unary)
    )
      return turnAway(exchange, 415, { "accept-post": unary ? unaryTypes : streamTypes });
    if (spoken.protocol === "connect") return serveConnectUnary(exchange, procedure, spoken, environment);
    return unary
      ? serveFramedUnary(exchange, procedure, spoken, environment)
      : serveFramed(exchange, procedure, spoken, environment);
  };
  return (exchange) => {
    const procedure = byPath.get(exchange.path);
    if (procedure === undefined && !looksLikeProcedure(exchange.path)) return false;
    const answering =
      procedure === undefined
        ? refuse(exchange, 404, `${exchange.path.slice(1)} is not implemented`, environment)
        : serve(exchange, procedure);
    answering?.catch((error: unknown) => environment.fault(exchange, error));
    return true;
  };
}

type Spoken =
  | (FramedRequest & { readonly protocol: FramedProtocol })
  | (ConnectRequest & { readonly protocol: "connect" });

const framedTypes: readonly (readonly [type: string, protocol: FramedProtocol])[] = [
  ["application/connect+", connectStream],
  ["application/grpc-web+", grpcWeb],
  ["application/grpc+", grpc],
];
const grpcTypes =
  "application/grpc, application/grpc+proto, application/grpc+json, application/grpc-web+proto, application/grpc-web+json";
const unaryTypes = `application/proto, application/json, ${grpcTypes}`;
const streamTypes = `application/connect+proto, application/connect+json, ${grpcTypes}`;

const known = new Map<string, Spoken>();
for (const codec of ["proto", "json"] as const) {
  known.set(`application/${codec}`, { protocol: "connect", codec });
  for (const [prefix, protocol] of framedTypes)
    known.set(prefix + codec, { protocol, codec, contentType: prefix + codec });
}
for (const [contentType, protocol] of [
  ["application/grpc", grpc],
  ["application/grpc-web", grpcWeb],
] as const)
  known.set(contentType, { protocol, codec: "proto", contentType });

/** What a content type speaks, its parameters aside; undefined for none of ours. */
function protocolOf(contentType: string): Spoken | undefined {
  return known.get(contentType) ?? known.get((contentType.split(";", 1)[0] ?? "").trim().toLowerCase());
}

/** An answer in no protocol, for a request in none. */
async function turnAway(exchange: Exchange, status: number, headers: Record<string, string>): Promise<void> {
  await takeRest(exchange);
  exchange.head(status, headers);
  exchange.end();
}

/** Unimplemented, in the wire form of the call: gRPC's forms have the status in the head of a 200. */
async function refuse(
  exchange: Exchange,
  status: number,
  message: string,
  { registry }: RpcEnvironment,
): Promise<void> {
  await takeRest(exchange);
  const error = new ConnectError(message, Code.Unimplemented);
  const type = exchange.headers["content-type"] ?? "";
  if (type.startsWith("application/grpc")) {
    exchange.head(200, { "content-type": type, ...grpcStatus(error, registry) });
    exchange.end();
  } else {
    const body = Buffer.from(JSON.stringify(errorJson(error, registry)));
    exchange.head(status, { "content-type": "application/json", "content-length": body.byteLength });
    exchange.end(body);
  }
}
