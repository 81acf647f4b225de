/** Connect's unary calls: the message is the body, an error is a JSON document under an HTTP status of its own. */
import type { OutgoingHttpHeaders } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { invokeUnary } from "../server/invoke.ts";
import type { UnaryHandler } from "../server/service.ts";
import type { Codec, CodecName } from "./codecs.ts";
import { httpStatus } from "./codes.ts";
import { type Compression, compressed, requestCompression, responseCompression } from "./compression.ts";
import { connectTimeout } from "./deadline.ts";
import { tooLarge } from "./envelope.ts";
import { errorJson } from "./error-detail.ts";
import type { Exchange } from "./exchange.ts";
import { addFields, single } from "./metadata.ts";
import { OpenCall, type RpcEnvironment } from "./open-call.ts";
import type { Procedure } from "./procedure.ts";
import { readWhole, takeRest } from "./read-body.ts";

export interface ConnectRequest {
  readonly codec: CodecName;
  /** Of a GET, which carries the message in its query. */
  readonly query?: URLSearchParams;
}

export async function serveConnectUnary(
  exchange: Exchange,
  procedure: Procedure,
  { codec: codecName, query }: ConnectRequest,
  environment: RpcEnvironment,
): Promise<void> {
  const call = new OpenCall(exchange, procedure, environment);
  const codec = procedure.codecs[codecName];
  let packing: Compression | undefined;
  let failure: ConnectError | undefined;
  try {
    const handler = call.begin(exchange, "connect") as UnaryHandler<unknown>;
    const { headers } = exchange;
    checkVersion(single(headers, "connect-protocol-version") ?? query?.get("connect")?.replace(/^v/, ""));
    const timeout = single(headers, "connect-timeout-ms");
    if (timeout !== undefined) call.limit(connectTimeout(timeout));
    const encoding = query === undefined ? headers["content-encoding"] : (query.get("compression") ?? undefined);
    const used = requestCompression(encoding, "accept-encoding");
    packing = responseCompression(single(headers, "accept-encoding"), used);
    const body =
      query === undefined ? await call.beforeCut(readWhole(exchange, environment.maxBytes)) : messageIn(query);
    call.requestBytes = body.byteLength;
    const plain = used === undefined ? body : await used.decompress(body, environment.maxBytes);
    if (plain.byteLength > environment.maxBytes) throw tooLarge(plain.byteLength, environment.maxBytes);
    const invocation = { method: procedure.method, call, logger: environment.logger };
    const answer = invokeUnary(handler, codec.decode(plain), invocation);
    const sending = send(exchange, call, {
      codec,
      codecName,
      packing,
      answer: answer instanceof Promise ? await answer : answer,
    });
    if (sending !== undefined) await sending;
  } catch (error) {
    failure = call.told(error);
    await sendError(exchange, call, failure, packing, environment);
  } finally {
    call.end(failure);
  }
}

interface Answer {
  readonly codec: Codec;
  readonly codecName: CodecName;
  readonly packing: Compression | undefined;
  readonly answer: unknown;
}

/** Undefined when it is done already. */
function send(exchange: Exchange, call: OpenCall, answer: Answer): Promise<void> | undefined {
  const plain = answer.codec.encode(answer.answer);
  const packed = compressed(plain, answer.packing);
  if (packed === undefined) return write(exchange, call, answer, plain);
  return Promise.resolve(packed).then((bytes) => write(exchange, call, answer, bytes, answer.packing?.name));
}

function write(
  exchange: Exchange,
  call: OpenCall,
  { codecName }: Answer,
  bytes: Uint8Array,
  encoding?: string,
): undefined {
  const fields = metadata(call);
  fields["content-type"] = codecName === "proto" ? "application/proto" : "application/json";
  if (encoding !== undefined) fields["content-encoding"] = encoding;
  fields["content-length"] = bytes.byteLength;
  call.responseBytes = bytes.byteLength;
  exchange.head(200, fields);
  exchange.end(bytes);
}

async function sendError(
  exchange: Exchange,
  call: OpenCall,
  error: ConnectError,
  packing: Compression | undefined,
  { registry }: RpcEnvironment,
): Promise<void> {
  await takeRest(exchange);
  if (exchange.closed || exchange.headSent) return;
  const fields = metadata(call);
  addFields(fields, error.metadata);
  fields["content-type"] = "application/json";
  const plain = Buffer.from(JSON.stringify(errorJson(error, registry)));
  const packed = await compressed(plain, packing);
  if (packed === undefined) delete fields["content-encoding"];
  else fields["content-encoding"] = packing?.name;
  const bytes = packed ?? plain;
  fields["content-length"] = bytes.byteLength;
  call.responseBytes = bytes.byteLength;
  exchange.head(httpStatus(error.code), fields);
  exchange.end(bytes);
}

/** What the handler set: headers as they are, trailers behind a prefix, since there is nothing after the body. */
function metadata(call: OpenCall): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {};
  addFields(fields, call.setHeader);
  addFields(fields, call.setTrailer, "trailer-");
  return fields;
}

function checkVersion(version: string | undefined): void {
  if (version === undefined || version === "1") return;
  throw new ConnectError(`version "${version}" of the Connect protocol is not spoken here; 1 is`, Code.InvalidArgument);
}

function messageIn(query: URLSearchParams): Uint8Array {
  const message = query.get("message") ?? "";
  if (query.get("base64") !== "1") return Buffer.from(message, "utf8");
  if (!/^[\w+/-]*={0,2}$/.test(message)) throw new ConnectError("the message is not base64", Code.InvalidArgument);
  return Buffer.from(message, "base64url");
}
