import { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { addPiece } from "./add-piece.ts";

export interface BodyTaker {
  /** Called once, in the turn that brings the last byte. */
  tookBody(body: Uint8Array): void;
}

/** Of all prototypes' members the one that has no type. */
interface Dumping {
  _dump?(): void;
}

/**
 * A request whose body can be had past its stream. Node's parser pushes each piece into the stream as it comes off the wire,
 * and the stream takes two turns and a dozen calls until a reader has it and its end: of a small call, a fifth. Whoever
 * takes the body gets what is pushed, and the stream never begins. Not taken, it is Node's own request.
 */
export class Http1Request extends IncomingMessage {
  #taker: BodyTaker | undefined;
  #pieces: Uint8Array[] = [];
  #taken = false;
  #streamed = false;

  /**
   * Gives `taker` the whole body; false when some of it, or its end, is in the stream already, as it is a turn after the
   * request began. For bodies that are small by their content-length, since nothing holds back a caller.
   */
  takeBody(taker: BodyTaker): boolean {
    if (this.#streamed) return false;
    this.#taker = taker;
    this.#taken = true;
    return true;
  }

  /** Leaves the rest of a body that was taken, if there is one, to the stream. */
  giveBack(): void {
    if (this.#taker === undefined) return;
    this.#taker = undefined;
    this.#taken = false;
    this.#pieces = [];
  }

  override push(piece: Uint8Array | null): boolean {
    if (!this.#taken) {
      this.#streamed = true;
      return super.push(piece);
    }
    if (piece !== null) {
      addPiece(this.#pieces, piece);
      return true;
    }
    const taker = this.#taker;
    this.#taker = undefined;
    const [first = nothing, ...more] = this.#pieces;
    taker?.tookBody(more.length === 0 ? first : Buffer.concat([first, ...more]));
    return true;
  }

  /** Node reads a body that nobody read once the answer went out; this one was read. */
  _dump(): void {
    if (!this.#taken) (IncomingMessage.prototype as Dumping)._dump?.call(this);
  }

  // Node keeps a request whose body did not end until the next one comes. TypeScript takes what is overridden for a field.
  static {
    const ofStream = Object.getOwnPropertyDescriptor(Readable.prototype, "readableEnded");
    Object.defineProperty(this.prototype, "readableEnded", {
      get(this: Http1Request): unknown {
        return this.#taken ? this.complete : ofStream?.get?.call(this);
      },
    });
  }
}

const nothing = new Uint8Array();
