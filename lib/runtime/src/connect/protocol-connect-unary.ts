/** Connect's unary calls: the message is the body, an error is a JSON document under an HTTP status of its own. */
import type { OutgoingHttpHeaders } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { invokeUnary } from "../server/invoke.ts";
import type { UnaryHandler } from "../server/service.ts";
import type { CodecName } from "./codecs.ts";
import { httpStatus } from "./codes.ts";
import { type Compression, compressed, requestCompression, responseCompression } from "./compression.ts";
import { connectTimeout } from "./deadline.ts";
import { tooLarge } from "./envelope.ts";
import { errorJson } from "./error-detail.ts";
import type { Exchange } from "./exchange.ts";
import { addFields, single } from "./metadata.ts";
import { OpenCall, type RpcEnvironment } from "./open-call.ts";
import type { Procedure } from "./procedure.ts";
import { type BodyReader, readBody, takeRest } from "./read-body.ts";

export interface ConnectRequest {
  readonly codec: CodecName;
  /** Of a GET, which carries the message in its query. */
  readonly query?: URLSearchParams;
}

/**
 * Answers in the turn that brings the end of the request, where the handler does and nothing is to be unpacked: a promise
 * that is there already costs a small call two turns of the queue and a closure each.
 */
export function serveConnectUnary(
  exchange: Exchange,
  procedure: Procedure,
  request: ConnectRequest,
  environment: RpcEnvironment,
): undefined {
  new UnaryCall(exchange, procedure, request, environment).start();
}

class UnaryCall extends OpenCall implements BodyReader {
  readonly #request: ConnectRequest;
  #handler: UnaryHandler<unknown> | undefined;
  #used: Compression | undefined;
  #packing: Compression | undefined;
  #over = false;

  constructor(exchange: Exchange, procedure: Procedure, request: ConnectRequest, environment: RpcEnvironment) {
    super(exchange, procedure, environment);
    this.#request = request;
  }

  start(): void {
    try {
      this.#handler = this.begin(this.exchange, "connect") as UnaryHandler<unknown>;
      const { headers } = this.exchange;
      const { query } = this.#request;
      checkVersion(single(headers, "connect-protocol-version") ?? query?.get("connect")?.replace(/^v/, ""));
      const timeout = single(headers, "connect-timeout-ms");
      if (timeout !== undefined) this.limit(connectTimeout(timeout));
      const encoding = query === undefined ? headers["content-encoding"] : (query.get("compression") ?? undefined);
      this.#used = requestCompression(encoding, "accept-encoding");
      this.#packing = responseCompression(single(headers, "accept-encoding"), this.#used);
      if (query === undefined) {
        this.whenCut((reason) => this.failed(reason));
        if (!this.#over) readBody(this.exchange, this.environment.maxBytes, this);
      } else this.tookBody(messageIn(query));
    } catch (error) {
      this.failed(error);
    }
  }

  tookBody(body: Uint8Array): void {
    if (this.#over) return;
    this.whenCut(undefined);
    this.requestBytes = body.byteLength;
    try {
      const plain = this.#used === undefined ? body : this.#used.decompress(body, this.environment.maxBytes);
      if (plain instanceof Promise) this.#later(plain, (bytes) => this.#invoke(bytes));
      else this.#invoke(plain);
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#refuse(error).catch((fault: unknown) => this.environment.fault(this.exchange, fault));
  }

  /** Goes on with `step` once `value` is there. */
  #later<T>(value: Promise<T>, step: (value: T) => void): void {
    value.then(step).catch((error: unknown) => this.failed(error));
  }

  #invoke(plain: Uint8Array): void {
    const { method, codecs } = this.procedure;
    const { maxBytes, logger } = this.environment;
    if (plain.byteLength > maxBytes) throw tooLarge(plain.byteLength, maxBytes);
    const request = codecs[this.#request.codec].decode(plain);
    const answer = this.#handler && invokeUnary(this.#handler, request, { method, call: this, logger });
    if (answer instanceof Promise) this.#later(answer, (message) => this.#answer(message));
    else this.#answer(answer);
  }

  #answer(answer: unknown): void {
    const plain = this.procedure.codecs[this.#request.codec].encode(answer);
    const packed = compressed(plain, this.#packing);
    if (packed === undefined) this.#write(plain);
    else if (packed instanceof Promise) this.#later(packed, (bytes) => this.#write(bytes, this.#packing?.name));
    else this.#write(packed, this.#packing?.name);
  }

  #write(bytes: Uint8Array, encoding?: string): void {
    const fields = metadata(this);
    fields["content-type"] = this.#request.codec === "proto" ? "application/proto" : "application/json";
    if (encoding !== undefined) fields["content-encoding"] = encoding;
    fields["content-length"] = bytes.byteLength;
    this.responseBytes = bytes.byteLength;
    this.exchange.head(200, fields);
    this.exchange.end(bytes);
    this.#over = true;
    try {
      this.end();
    } catch (fault) {
      this.environment.fault(this.exchange, fault);
    }
  }

  async #refuse(error: unknown): Promise<void> {
    const refusal = this.told(error);
    try {
      await sendError(this.exchange, this, refusal, this.#packing, this.environment);
    } finally {
      this.end(refusal);
    }
  }
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
