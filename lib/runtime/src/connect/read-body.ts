/** Bodies of requests, whole or piece by piece. The stream is never destroyed: an answer is to follow on it. */
import { Code, ConnectError } from "@connectrpc/connect";
import { addPiece } from "./add-piece.ts";
import { tooLarge } from "./envelope.ts";
import type { Exchange } from "./exchange.ts";

/**
 * The whole body. Rejects with `resource_exhausted` as soon as it is, or says that it will be, longer than `maxBytes`;
 * what is left of it is still to be taken then. Of a caller that goes before its end the exchange tells, not this.
 */
export function readWhole(exchange: Exchange, maxBytes: number): Promise<Uint8Array> {
  const { body } = exchange;
  const announced = Number(exchange.headers["content-length"] ?? 0);
  if (announced > maxBytes) return Promise.reject(tooLarge(announced, maxBytes));
  if (body.destroyed && !body.readableEnded) return Promise.reject(callerLeft());
  return new Promise((resolve, reject) => {
    let first: Uint8Array | undefined;
    let more: Uint8Array[] | undefined;
    let size = 0;
    const take = (piece: Uint8Array): void => {
      size += piece.byteLength;
      if (size > maxBytes) {
        body.off("data", take);
        body.off("end", done);
        body.pause();
        reject(tooLarge(size, maxBytes));
      } else if (first === undefined) first = piece;
      else if (more === undefined) more = [first, piece];
      else addPiece(more, piece);
    };
    const done = (): void => resolve(more === undefined ? (first ?? nothing) : Buffer.concat(more, size));
    body.on("data", take);
    body.on("end", done);
  });
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
