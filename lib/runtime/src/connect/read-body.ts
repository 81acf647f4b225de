/** Bodies of requests, whole or piece by piece. The stream is never destroyed: an answer is to follow on it. */
import type { Readable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { addPiece } from "./add-piece.ts";
import { tooLarge } from "./envelope.ts";
import type { Exchange } from "./exchange.ts";
import { type BodyTaker, Http1Request } from "./http1-request.ts";

/** Up to here a body is taken as it comes off the wire: nothing holds its sender back, and nothing need. */
const takenBytes = 64 * 1024;

/**
 * Reads the whole body. Fails with `resource_exhausted` as soon as it is, or says that it will be, longer than `maxBytes`;
 * what is left of it is still to be taken then. Of a caller that goes before its end the exchange tells, not this.
 */
export function readBody(exchange: Exchange, maxBytes: number, reader: BodyReader): void {
  const { body } = exchange;
  const announced = Number(exchange.headers["content-length"] ?? Number.NaN);
  if (announced > maxBytes) reader.failed(tooLarge(announced, maxBytes));
  else if (body.destroyed && !body.readableEnded) reader.failed(callerLeft());
  else if (!(body instanceof Http1Request && announced <= takenBytes && body.takeBody(reader)))
    readStream(body, maxBytes, reader);
}

/** As {@link readBody}, as a promise. */
export function readWhole(exchange: Exchange, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => readBody(exchange, maxBytes, { tookBody: resolve, failed: reject }));
}

/** Told of the whole body, or why there is none, perhaps before the call that asked for it returns. */
export interface BodyReader extends BodyTaker {
  failed(error: ConnectError): void;
}

function readStream(body: Readable, maxBytes: number, reader: BodyReader): void {
  let waiting: BodyReader | undefined = reader;
  let pieces: Uint8Array[] | undefined;
  let first: Uint8Array | undefined;
  let size = 0;
  /** An HTTP/2 stream may stay long after its call (http2-exchange.ts says why), and what its listeners hold with it. */
  const over = (tell: (reader: BodyReader) => void): void => {
    const told = waiting;
    waiting = pieces = first = undefined;
    if (told !== undefined) tell(told);
  };
  const take = (piece: Uint8Array): void => {
    size += piece.byteLength;
    if (size > maxBytes) {
      body.off("data", take);
      body.off("end", done);
      body.pause();
      over((told) => told.failed(tooLarge(size, maxBytes)));
    } else if (first === undefined) first = piece;
    else if (pieces === undefined) pieces = [first, piece];
    else addPiece(pieces, piece);
  };
  const done = (): void => {
    const whole = pieces === undefined ? (first ?? nothing) : Buffer.concat(pieces, size);
    over((told) => told.tookBody(whole));
  };
  body.on("data", take);
  body.on("end", done);
}

const nothing = new Uint8Array();

/** The body as it comes, one piece at a time: what is not asked for is not read. */
export async function* readPieces(exchange: Exchange): AsyncGenerator<Uint8Array, void> {
  try {
    // Node's iterator of a body gives buffers.
    yield* exchange.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch {
    throw callerLeft();
  }
}

/** What is read of a body that nobody wanted before the connection is given up instead. */
const unreadBytes = 16 * 1024 * 1024;
/** How long a caller that was refused may take to send it. */
const unreadMs = 5000;

/**
 * A caller still sending when the answer goes out would lose it, and its next request on the connection too. So what it
 * still sends is taken first, within bounds; past them the connection is closed after the answer. Undefined when nothing
 * is to be waited for.
 */
export function takeRest(exchange: Exchange): Promise<void> | undefined {
  const { body } = exchange;
  if (body instanceof Http1Request) body.giveBack();
  if (exchange.closed || body.readableEnded) return undefined;
  if (exchange.bodyArrived || exchange.httpVersion === 2) {
    body.resume();
    return undefined;
  }
  return new Promise((resolve) => {
    let size = 0;
    const settle = (): void => {
      clearTimeout(timer);
      body.off("data", count);
      body.off("end", settle);
      body.off("close", settle);
      resolve();
    };
    const giveUp = (): void => {
      exchange.lastOnConnection();
      settle();
    };
    const count = (piece: Uint8Array): void => {
      size += piece.byteLength;
      if (size > unreadBytes) giveUp();
    };
    const timer = setTimeout(giveUp, unreadMs);
    body.on("data", count);
    body.once("end", settle);
    body.once("close", settle);
    body.resume();
  });
}

export function callerLeft(): ConnectError {
  return new ConnectError("the caller left", Code.Canceled);
}
