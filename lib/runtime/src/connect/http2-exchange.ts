import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { constants, type IncomingHttpHeaders as IncomingHttp2Headers, type ServerHttp2Stream } from "node:http2";
import { type Exchange, splitTarget } from "./exchange.ts";

/** An HTTP/2 stream. Node's own request and response classes stand on the same stream and cost a third of the call. */
export class Http2Exchange implements Exchange {
  place = -1;
  readonly httpVersion = 2;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: ServerHttp2Stream;
  #onClose: ((left: boolean) => void)[] = [];
  #trailers: OutgoingHttpHeaders | undefined;
  /** What every answer on this stream carries. */
  addedHeaders: Readonly<Record<string, string>> = none;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttp2Headers) {
    this.body = stream;
    (stream as Carrying)[exchangeOf] = this;
    this.headers = headers;
    this.method = headers[":method"] ?? "";
    [this.path, this.query] = splitTarget(headers[":path"] ?? "");
    // A caller who resets its stream is told of by `close`.
    stream.on("error", ignore);
    stream.on("close", tellClosed);
  }

  get address(): string {
    return this.body.session?.socket.remoteAddress ?? "";
  }

  get bodyArrived(): boolean {
    return this.body.readableEnded || this.body.endAfterHeaders;
  }

  get headSent(): boolean {
    return this.body.headersSent;
  }

  get closed(): boolean {
    return this.body.destroyed || this.body.closed || this.body.writableEnded;
  }

  onClose(listener: (left: boolean) => void): void {
    this.#onClose.push(listener);
  }

  /** To be called by its stream alone. */
  tellClosed(): void {
    // HTTP/2 says finished of a stream that its caller reset; there it says aborted, too.
    const left = this.body.aborted || !this.body.writableFinished;
    const told = this.#onClose;
    this.#onClose = [];
    for (const tell of told) tell(left);
  }

  /** To be called by its stream alone. */
  sendTrailers(): void {
    if (this.#trailers !== undefined) this.body.sendTrailers(this.#trailers);
  }

  addHeaders(headers: Readonly<Record<string, string>>): void {
    this.addedHeaders = { ...this.addedHeaders, ...headers };
  }

  head(status: number, headers: OutgoingHttpHeaders, options?: { readonly trailers: boolean }): void {
    if (this.closed) return;
    this.body.respond(
      // Only what is spread first is copied at once; of the order Node makes its own.
      this.addedHeaders === none
        ? { ...headers, ":status": status }
        : { ...this.addedHeaders, ...headers, ":status": status },
      options?.trailers === true ? trailersFollow : nothingFollows,
    );
  }

  write(bytes: Uint8Array): boolean {
    if (this.closed || bytes.byteLength === 0) return true;
    return this.body.write(bytes);
  }

  onDrain(listener: () => void): void {
    this.body.once("drain", listener);
  }

  end(bytes?: Uint8Array, trailers?: OutgoingHttpHeaders): void {
    if (this.closed) return;
    if (trailers !== undefined) {
      this.#trailers = trailers;
      this.body.on("wantTrailers", sendTrailers);
    }
    if (!this.bodyArrived) this.#stopCaller();
    if (bytes === undefined) this.body.end();
    else this.body.end(bytes);
  }

  lastOnConnection(): void {}

  /** A caller that sends on after its answer is told to stop; not at once, or the end of the answer would be cut with it. */
  #stopCaller(): void {
    const late = setTimeout(() => this.body.close(constants.NGHTTP2_NO_ERROR), sendsOnMs);
    this.body.once("close", () => clearTimeout(late));
  }

  destroy(): void {
    this.body.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

const sendsOnMs = 1000;
const trailersFollow = { waitForTrailers: true };
const nothingFollows = {};
const none = {};
const ignore = (): void => undefined;

/**
 * From a stream to its exchange until it closes. Node's own table of a session's streams may hold them long after that (as
 * server/under-way.ts tells of sets), and nothing of the call shall stay with them: so no listener here is a closure.
 */
const exchangeOf = Symbol("exchange");

interface Carrying extends ServerHttp2Stream {
  [exchangeOf]?: Http2Exchange | undefined;
}

function tellClosed(this: Carrying): void {
  this[exchangeOf]?.tellClosed();
  this[exchangeOf] = undefined;
}

function sendTrailers(this: Carrying): void {
  this[exchangeOf]?.sendTrailers();
}
