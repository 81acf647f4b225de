import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { IncomingHttpHeaders as IncomingHttp2Headers, ServerHttp2Stream } from "node:http2";
import { type Exchange, splitTarget } from "./exchange.ts";

/** An HTTP/2 stream. Node's own request and response classes stand on the same stream and cost a third of the call. */
export class Http2Exchange implements Exchange {
  readonly httpVersion = 2;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: ServerHttp2Stream;
  /** What every answer on this stream carries. */
  addedHeaders: Readonly<Record<string, string>> = {};
  #reset = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttp2Headers) {
    this.body = stream;
    this.headers = headers;
    this.method = headers[":method"] ?? "";
    [this.path, this.query] = splitTarget(headers[":path"] ?? "");
    // A caller who resets its stream is told of by `close`.
    stream.on("error", () => undefined);
    stream.once("aborted", () => {
      this.#reset = true;
    });
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
    this.body.once("close", () => listener(this.#reset || !this.body.writableFinished));
  }

  addHeaders(headers: Readonly<Record<string, string>>): void {
    this.addedHeaders = { ...this.addedHeaders, ...headers };
  }

  head(status: number, headers: OutgoingHttpHeaders, options?: { readonly trailers: boolean }): void {
    if (this.closed) return;
    this.body.respond(
      { ":status": status, ...this.addedHeaders, ...headers },
      options?.trailers === true ? { waitForTrailers: true } : {},
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
    if (trailers !== undefined) this.body.once("wantTrailers", () => this.body.sendTrailers(trailers));
    if (bytes === undefined) this.body.end();
    else this.body.end(bytes);
  }

  lastOnConnection(): void {}

  destroy(): void {
    this.body.close(2); // INTERNAL_ERROR
  }
}
