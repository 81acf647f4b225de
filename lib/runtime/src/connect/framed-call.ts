/** Calls of many messages, one way or both, that stand in envelopes: Connect's streams, and those of gRPC and gRPC-Web. */
import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { invokeStream, invokeUnary } from "../server/invoke.ts";
import type { StreamHandler, UnaryHandler } from "../server/service.ts";
import type { Codec } from "./codecs.ts";
import { type Compression, requestCompression, responseCompression } from "./compression.ts";
import { EnvelopeReader, envelopeHeadBytes } from "./envelope.ts";
import type { Exchange } from "./exchange.ts";
import { FrameWriter } from "./frame-writer.ts";
import { decoded, decodedOnly, framedMessage, headFields, type Incoming, joined } from "./framed-message.ts";
import type { FramedRequest } from "./framed-protocol.ts";
import { single } from "./metadata.ts";
import { OpenCall, type RpcEnvironment } from "./open-call.ts";
import type { Procedure } from "./procedure.ts";
import { readPieces, readWhole, takeRest } from "./read-body.ts";

export async function serveFramed(
  exchange: Exchange,
  procedure: Procedure,
  request: FramedRequest,
  environment: RpcEnvironment,
): Promise<void> {
  const call = new OpenCall(exchange, procedure, environment);
  const { protocol } = request;
  const codec = procedure.codecs[request.codec];
  const { method } = procedure;
  let packing: Compression | undefined;
  let writer: FrameWriter | undefined;
  let rest: Uint8Array | undefined;
  let failure: ConnectError | undefined;
  const head = (): void => exchange.head(200, headFields(call, request, packing), protocol);
  try {
    const handler = call.begin(exchange, protocol.name);
    const { headers } = exchange;
    call.limit(protocol.timeout(headers));
    const used = requestCompression(single(headers, protocol.encodingHeader), protocol.acceptEncodingHeader);
    packing = responseCompression(single(headers, protocol.acceptEncodingHeader), used);
    const incoming: Incoming = { call, codec, used, maxBytes: environment.maxBytes };
    const invocation = { method, call, logger: environment.logger };
    const one = method.methodKind === "server_streaming";
    const input = one ? await onlyMessage(exchange, incoming) : messages(exchange, incoming);
    if (method.methodKind === "client_streaming") {
      const answer = invokeUnary(handler as UnaryHandler<unknown>, input, invocation);
      const framed = framedMessage(codec.encode(answer instanceof Promise ? await answer : answer), packing);
      rest = joined(framed instanceof Promise ? await framed : framed);
      call.responseBytes = rest.byteLength;
    } else {
      writer = new FrameWriter(exchange, head);
      const answers = invokeStream(handler as StreamHandler<unknown>, input, invocation);
      // The head of a stream both ways may depend on what is asked: it waits for the first answer.
      await pump(answers, { writer, codec, packing, call, headFirst: one });
    }
  } catch (error) {
    failure = call.told(error);
  }
  try {
    const unread = takeRest(exchange);
    if (unread !== undefined) await unread;
    if (exchange.closed) return;
    if (writer !== undefined) rest = writer.finish();
    else head();
    protocol.end(exchange, { rest, error: failure, trailer: call.setTrailer, registry: environment.registry });
  } finally {
    if (writer !== undefined) call.responseBytes = writer.bytes;
    call.end(failure);
  }
}

interface Outgoing {
  readonly writer: FrameWriter;
  readonly codec: Codec;
  readonly packing: Compression | undefined;
  readonly call: OpenCall;
  /** Sends the head before there is a message. */
  readonly headFirst: boolean;
}

/** Writes `answers` no faster than the caller reads them. */
async function pump(
  answers: AsyncGenerator<unknown, void>,
  { writer, codec, packing, call, headFirst }: Outgoing,
): Promise<void> {
  try {
    let step = answers.next();
    // The handler ran up to its first wait, so its headers are set; a watch may have no message for hours.
    if (headFirst) writer.open();
    for (let next = await step; next.done !== true; next = await step) {
      const writing = write(writer, codec.encode(next.value), packing);
      if (writing !== undefined) await writing;
      if (writer.full) await call.beforeCut(writer.space());
      step = answers.next();
    }
  } finally {
    await answers.return();
  }
}

/** Undefined when it is done already. */
function write(writer: FrameWriter, plain: Uint8Array, packing: Compression | undefined): Promise<void> | undefined {
  const framed = framedMessage(plain, packing);
  if (framed instanceof Promise) return framed.then((pieces) => writer.add(pieces));
  writer.add(framed);
  return undefined;
}

/** The request of a procedure that takes one message. */
async function onlyMessage(exchange: Exchange, incoming: Incoming): Promise<Message> {
  const { call, maxBytes } = incoming;
  const sent = await call.beforeCut(readWhole(exchange, maxBytes + envelopeHeadBytes));
  // Some callers pack the whole body, envelopes and all, in HTTP's own way.
  const whole = requestCompression(exchange.headers["content-encoding"], "accept-encoding");
  return decodedOnly(whole === undefined ? sent : await whole.decompress(sent, maxBytes + envelopeHeadBytes), incoming);
}

/** The requests of a procedure that takes many, each read when it is asked for. */
async function* messages(exchange: Exchange, incoming: Incoming): AsyncGenerator<Message, void> {
  const reader = new EnvelopeReader(incoming.maxBytes);
  for await (const piece of readPieces(exchange)) {
    for (const envelope of reader.push(piece)) yield await decoded(envelope, incoming);
  }
  reader.end();
}
