/** Calls of one message each way in envelopes: unary calls of gRPC and gRPC-Web. */
import type { ConnectError } from "@connectrpc/connect";
import { invokeUnary } from "../server/invoke.ts";
import type { UnaryHandler } from "../server/service.ts";
import { type Compression, requestCompression, responseCompression } from "./compression.ts";
import { envelopeHeadBytes } from "./envelope.ts";
import type { Exchange } from "./exchange.ts";
import { decodedOnly, framedMessage, headFields, joined, type Pieces } from "./framed-message.ts";
import type { FramedRequest } from "./framed-protocol.ts";
import { single } from "./metadata.ts";
import { OpenCall, type RpcEnvironment } from "./open-call.ts";
import type { Procedure } from "./procedure.ts";
import { type BodyReader, readBody, takeRest } from "./read-body.ts";

/** Answers in the turn that brings the end of the request, where the handler does and nothing is to be unpacked. */
export function serveFramedUnary(
  exchange: Exchange,
  procedure: Procedure,
  request: FramedRequest,
  environment: RpcEnvironment,
): undefined {
  new FramedUnaryCall(exchange, procedure, request, environment).start();
}

class FramedUnaryCall extends OpenCall implements BodyReader {
  readonly #request: FramedRequest;
  #handler: UnaryHandler<unknown> | undefined;
  #used: Compression | undefined;
  #packing: Compression | undefined;
  #over = false;

  constructor(exchange: Exchange, procedure: Procedure, request: FramedRequest, environment: RpcEnvironment) {
    super(exchange, procedure, environment);
    this.#request = request;
  }

  start(): void {
    try {
      const { protocol } = this.#request;
      this.#handler = this.begin(this.exchange, protocol.name) as UnaryHandler<unknown>;
      const { headers } = this.exchange;
      this.limit(protocol.timeout(headers));
      this.#used = requestCompression(single(headers, protocol.encodingHeader), protocol.acceptEncodingHeader);
      this.#packing = responseCompression(single(headers, protocol.acceptEncodingHeader), this.#used);
      this.whenCut((reason) => this.failed(reason));
      if (!this.#over) readBody(this.exchange, this.environment.maxBytes + envelopeHeadBytes, this);
    } catch (error) {
      this.failed(error);
    }
  }

  tookBody(sent: Uint8Array): void {
    if (this.#over) return;
    this.whenCut(undefined);
    try {
      // Some callers pack the whole body, envelopes and all, in HTTP's own way.
      const whole = requestCompression(this.exchange.headers["content-encoding"], "accept-encoding");
      const body = whole === undefined ? sent : whole.decompress(sent, this.environment.maxBytes + envelopeHeadBytes);
      if (body instanceof Promise) this.#later(body, (bytes) => this.#decode(bytes));
      else this.#decode(body);
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error: unknown): void {
    if (this.#over) return;
    this.#end(undefined, this.told(error));
  }

  /** Goes on with `step` once `value` is there. */
  #later<T>(value: Promise<T>, step: (value: T) => void): void {
    value.then(step).catch((error: unknown) => this.failed(error));
  }

  #decode(body: Uint8Array): void {
    const codec = this.procedure.codecs[this.#request.codec];
    const { maxBytes } = this.environment;
    const message = decodedOnly(body, { call: this, codec, used: this.#used, maxBytes });
    if (message instanceof Promise) this.#later(message, (decoded) => this.#invoke(decoded));
    else this.#invoke(message);
  }

  #invoke(message: unknown): void {
    const { method } = this.procedure;
    const { logger } = this.environment;
    const answer = this.#handler && invokeUnary(this.#handler, message, { method, call: this, logger });
    if (answer instanceof Promise) this.#later(answer, (settled) => this.#answer(settled));
    else this.#answer(answer);
  }

  #answer(answer: unknown): void {
    const framed = framedMessage(this.procedure.codecs[this.#request.codec].encode(answer), this.#packing);
    if (framed instanceof Promise) this.#later(framed, (pieces) => this.#answered(pieces));
    else this.#answered(framed);
  }

  #answered(pieces: Pieces): void {
    const rest = joined(pieces);
    this.responseBytes = rest.byteLength;
    this.#end(rest, undefined);
  }

  #end(rest: Uint8Array | undefined, error: ConnectError | undefined): void {
    this.#over = true;
    const unread = takeRest(this.exchange);
    if (unread === undefined) this.#send(rest, error);
    else void unread.then(() => this.#send(rest, error));
  }

  #send(rest: Uint8Array | undefined, error: ConnectError | undefined): void {
    try {
      if (!this.exchange.closed) this.#write(rest, error);
    } catch (fault) {
      this.environment.fault(this.exchange, fault);
    }
    try {
      this.end(error);
    } catch (fault) {
      this.environment.fault(this.exchange, fault);
    }
  }

  #write(rest: Uint8Array | undefined, error: ConnectError | undefined): void {
    const { protocol } = this.#request;
    this.exchange.head(200, headFields(this, this.#request, this.#packing), protocol);
    protocol.end(this.exchange, { rest, error, trailer: this.setTrailer, registry: this.environment.registry });
  }
}
