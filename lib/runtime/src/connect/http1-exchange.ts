import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { type Exchange, splitTarget } from "./exchange.ts";

/** Up to here a body costs less to be made text of than to be sent as bytes. */
const textBytes = 4096;

/** An HTTP/1.1 request and its answer. */
export class Http1Exchange implements Exchange {
  place = -1;
  readonly httpVersion = 1;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: IncomingMessage;
  readonly #response: ServerResponse;
  /** Whether the body is as long as the head says, and nothing of it went out. */
  #whole = false;
  /** Told by one listener: each of Node's own costs as much as all the rest of a notice. */
  readonly #onClose: ((left: boolean) => void)[] = [];

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.body = request;
    this.#response = response;
    this.method = request.method ?? "";
    [this.path, this.query] = splitTarget(request.url ?? "");
  }

  get address(): string {
    return this.body.socket.remoteAddress ?? "";
  }

  get headers(): IncomingHttpHeaders {
    return this.body.headers;
  }

  get bodyArrived(): boolean {
    return this.body.complete;
  }

  get headSent(): boolean {
    return this.#response.headersSent;
  }

  get closed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  onClose(listener: (left: boolean) => void): void {
    if (this.#onClose.push(listener) > 1) return;
    this.#response.on("close", () => this.#tellClosed());
    if (this.#response.socket === null) this.#followConnection();
  }

  #tellClosed(): void {
    const left = !this.#response.writableFinished;
    for (const tell of this.#onClose) tell(left);
  }

  /** An answer that queues behind another one is not told by Node that the connection is gone. */
  #followConnection(): void {
    const { socket } = this.body;
    const gone = (): void => {
      if (this.#response.socket !== null || this.#response.destroyed) return;
      this.#response.destroy();
      this.#tellClosed();
    };
    // A caller queues as many as it likes.
    socket.setMaxListeners(0);
    socket.once("close", gone);
    this.#response.once("close", () => socket.off("close", gone));
  }

  addHeaders(headers: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(headers)) this.#response.setHeader(name, value);
  }

  head(status: number, headers: OutgoingHttpHeaders): void {
    if (this.closed) return;
    this.#whole = headers["content-length"] !== undefined;
    this.#response.writeHead(status, headers);
  }

  write(bytes: Uint8Array): boolean {
    if (this.closed) return true;
    this.#whole = false;
    if (bytes.byteLength > 0) return this.#response.write(bytes);
    this.#response.flushHeaders();
    return true;
  }

  onDrain(listener: () => void): void {
    this.#response.once("drain", listener);
  }

  end(bytes?: Uint8Array, trailers?: OutgoingHttpHeaders): void {
    if (this.closed) return;
    if (trailers !== undefined) {
      if (bytes !== undefined) this.#response.write(bytes);
      this.#response.addTrailers(trailers);
      this.#response.end();
    } else if (bytes !== undefined && bytes.byteLength <= textBytes && this.#whole) {
      this.#endAtOnce(bytes);
    } else {
      this.#response.end(bytes);
    }
  }

  /**
   * Node sends a head and a body of text as one string, but a body of bytes as a second piece, and what is given to `end` with
   * an empty piece behind it: to gather several costs a small call a twentieth more.
   */
  #endAtOnce(bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    const { socket } = this.#response;
    if (socket === null || socket.writableCorked > 0 || socket.writableLength > 0) {
      this.#response.end(text, "latin1");
      return;
    }
    // Corked by us, it is not left so until the next turn.
    socket.cork();
    this.#response.write(text, "latin1");
    socket.uncork();
    this.#response.end();
  }

  lastOnConnection(): void {
    if (!this.headSent) this.#response.setHeader("connection", "close");
  }

  destroy(): void {
    this.#response.destroy();
  }
}
