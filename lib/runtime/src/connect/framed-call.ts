/** Calls whose messages stand in envelopes: Connect's streams, gRPC and gRPC-Web. What tells them apart is in a FramedProtocol. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { Message, Registry } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ProtocolName } from "../server/call-hook.ts";
import { invokeStream, invokeUnary } from "../server/invoke.ts";
import type { StreamHandler, UnaryHandler } from "../server/service.ts";
import { type Codec, type CodecName, notOneMessage } from "./codecs.ts";
import { type Compression, compressed, requestCompression, responseCompression } from "./compression.ts";
import { compressedFlag, type Envelope, EnvelopeReader, frame, tooLarge } from "./envelope.ts";
import type { Exchange } from "./exchange.ts";
import { FrameWriter } from "./frame-writer.ts";
import { addFields, single } from "./metadata.ts";
import { OpenCall, type RpcEnvironment } from "./open-call.ts";
import type { Procedure } from "./procedure.ts";
import { readPieces, readWhole, takeRest } from "./read-body.ts";

export interface FramedProtocol {
  readonly name: ProtocolName;
  readonly encodingHeader: string;
  readonly acceptEncodingHeader: string;
  /** Whether the status comes in HTTP trailers. */
  readonly trailers: boolean;
  /** Milliseconds that the caller gives the call. Throws `invalid_argument`. */
  timeout(headers: IncomingHttpHeaders): number | undefined;
  /** The last bytes of the answer, `rest` before them, and the trailers. */
  end(exchange: Exchange, ending: Ending): void;
}

export interface Ending {
  readonly rest: Uint8Array | undefined;
  readonly error: ConnectError | undefined;
  readonly trailer: Headers | undefined;
  readonly registry: Registry;
}

export interface FramedRequest {
  readonly protocol: FramedProtocol;
  readonly codec: CodecName;
  /** The answer has the same. */
  readonly contentType: string;
}

/** A message's envelope; two flags and four bytes of length stand before it. */
const envelopeBytes = 5;

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
  const head = (): void => {
    const fields: OutgoingHttpHeaders = {};
    addFields(fields, call.setHeader);
    fields["content-type"] = request.contentType;
    if (packing !== undefined) fields[protocol.encodingHeader] = packing.name;
    exchange.head(200, fields, protocol);
  };
  try {
    const handler = call.begin(exchange, protocol.name);
    const { headers } = exchange;
    call.limit(protocol.timeout(headers));
    const used = requestCompression(single(headers, protocol.encodingHeader), protocol.acceptEncodingHeader);
    packing = responseCompression(single(headers, protocol.acceptEncodingHeader), used);
    const incoming: Incoming = { exchange, call, codec, used, maxBytes: environment.maxBytes };
    const invocation = { method, call, logger: environment.logger };
    const one = method.methodKind === "unary" || method.methodKind === "server_streaming";
    const input = one ? await onlyMessage(incoming) : messages(incoming);
    if (method.methodKind === "unary" || method.methodKind === "client_streaming") {
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

type Pieces = readonly Uint8Array[];

function framedMessage(plain: Uint8Array, packing: Compression | undefined): Promise<Pieces> | Pieces {
  const packed = compressed(plain, packing);
  if (packed === undefined) return frame(0, plain);
  return packed instanceof Promise
    ? packed.then((bytes) => frame(compressedFlag, bytes))
    : frame(compressedFlag, packed);
}

function joined(pieces: Pieces): Uint8Array {
  const [first] = pieces;
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
}

interface Incoming {
  readonly exchange: Exchange;
  readonly call: OpenCall;
  readonly codec: Codec;
  readonly used: Compression | undefined;
  readonly maxBytes: number;
}

/** The request of a procedure that takes one message. */
async function onlyMessage(incoming: Incoming): Promise<Message> {
  const { exchange, call, maxBytes } = incoming;
  const sent = await call.beforeCut(readWhole(exchange, maxBytes + envelopeBytes));
  // Some callers pack the whole body, envelopes and all, in HTTP's own way.
  const whole = requestCompression(exchange.headers["content-encoding"], "accept-encoding");
  const body = whole === undefined ? sent : await whole.decompress(sent, maxBytes + envelopeBytes);
  const reader = new EnvelopeReader(maxBytes);
  const envelopes = reader.push(body);
  reader.end();
  const [envelope] = envelopes;
  if (envelope === undefined || envelopes.length > 1) throw notOneMessage(envelopes.length);
  return decoded(envelope, incoming);
}

/** The requests of a procedure that takes many, each read when it is asked for. */
async function* messages(incoming: Incoming): AsyncGenerator<Message, void> {
  const reader = new EnvelopeReader(incoming.maxBytes);
  for await (const piece of readPieces(incoming.exchange)) {
    for (const envelope of reader.push(piece)) yield await decoded(envelope, incoming);
  }
  reader.end();
}

function decoded({ flags, data }: Envelope, { call, codec, used, maxBytes }: Incoming): Promise<Message> | Message {
  call.requestBytes += data.byteLength;
  if ((flags & ~compressedFlag) !== 0)
    throw new ConnectError(`a request message has the unknown flags ${flags}`, Code.InvalidArgument);
  if (flags === 0) return codec.decode(data);
  if (used === undefined)
    throw new ConnectError("a request message is marked as compressed, and no encoding is named", Code.Internal);
  const plain = used.decompress(data, maxBytes);
  const decode = (bytes: Uint8Array): Message => {
    if (bytes.byteLength > maxBytes) throw tooLarge(bytes.byteLength, maxBytes);
    return codec.decode(bytes);
  };
  return plain instanceof Promise ? plain.then(decode) : decode(plain);
}
