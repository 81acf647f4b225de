/**
 * Messages in a stream of bytes: a byte of flags, four of length (the highest first), the message. Connect's streams and
 * both kinds of gRPC have it alike and differ in the flag that marks the end.
 */
import { Code, ConnectError } from "@connectrpc/connect";
import { addPiece } from "./add-piece.ts";

export interface Envelope {
  readonly flags: number;
  readonly data: Uint8Array;
}

export const compressedFlag = 0b1;
/** Of one byte of flags and four of length. */
export const envelopeHeadBytes = 5;
/** Beyond it a copy costs more than a second write. */
const copyBytes = 64 * 1024;

/** `data` behind its head; in two pieces where a copy would be dear. */
export function frame(flags: number, data: Uint8Array): readonly Uint8Array[] {
  const whole = data.byteLength <= copyBytes;
  const framed = Buffer.allocUnsafe(whole ? envelopeHeadBytes + data.byteLength : envelopeHeadBytes);
  framed[0] = flags;
  framed.writeUInt32BE(data.byteLength, 1);
  if (!whole) return [framed, data];
  framed.set(data, envelopeHeadBytes);
  return [framed];
}

/**
 * What `body` is where it is one whole envelope, which a small call's is; undefined for everything else, of which an
 * EnvelopeReader tells what it is. Throws `resource_exhausted` as that does.
 */
export function wholeEnvelope(body: Uint8Array, maxBytes: number): Envelope | undefined {
  if (body.byteLength < envelopeHeadBytes) return undefined;
  const byte = (at: number): number => body[at] ?? 0;
  const length = byte(1) * 2 ** 24 + (byte(2) << 16) + (byte(3) << 8) + byte(4);
  if (length !== body.byteLength - envelopeHeadBytes) return undefined;
  if (length > maxBytes) throw tooLarge(length, maxBytes);
  return { flags: byte(0), data: body.subarray(envelopeHeadBytes) };
}

/**
 * Cuts a stream of bytes into envelopes. Holds no more than one message and the piece that was pushed last.
 */
export class EnvelopeReader {
  readonly #maxBytes: number;
  #pieces: Uint8Array[] = [];
  #held = 0;
  /** Bytes that the next head, or the message behind it, needs. */
  #needed = envelopeHeadBytes;
  #flags: number | undefined;

  /** `maxBytes` bounds one message, as it stands in its envelope. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The envelopes that `piece` completes. Throws `resource_exhausted` when the next one says that it is larger than allowed. */
  push(piece: Uint8Array): readonly Envelope[] {
    const found: Envelope[] = [];
    if (piece.byteLength > 0) {
      addPiece(this.#pieces, piece);
      this.#held += piece.byteLength;
    }
    while (this.#held >= this.#needed) {
      if (this.#flags === undefined) this.#readHead();
      else found.push(this.#readMessage(this.#flags));
    }
    return found;
  }

  /** Says that no more comes. Throws `invalid_argument` inside an envelope. */
  end(): void {
    if (this.#flags === undefined && this.#held === 0) return;
    const what = this.#flags === undefined ? "the head of a message" : "a message";
    throw new ConnectError(
      `the request ends inside ${what}: ${this.#held} of ${this.#needed} bytes`,
      Code.InvalidArgument,
    );
  }

  #readHead(): void {
    const head = Buffer.from(this.#take(envelopeHeadBytes));
    const length = head.readUInt32BE(1);
    if (length > this.#maxBytes) throw tooLarge(length, this.#maxBytes);
    this.#flags = head.readUInt8(0);
    this.#needed = length;
  }

  #readMessage(flags: number): Envelope {
    const data = this.#take(this.#needed);
    this.#flags = undefined;
    this.#needed = envelopeHeadBytes;
    return { flags, data };
  }

  /** The next `length` bytes, which are there; copied only where they stand in several pieces. */
  #take(length: number): Uint8Array {
    this.#held -= length;
    const [first] = this.#pieces;
    if (first === undefined || length === 0) return new Uint8Array();
    if (first.byteLength > length) {
      this.#pieces[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    if (first.byteLength === length) {
      this.#pieces.shift();
      return first;
    }
    const all = Buffer.concat(this.#pieces);
    this.#pieces = all.byteLength > length ? [all.subarray(length)] : [];
    return all.subarray(0, length);
  }
}

export function tooLarge(bytes: number, maxBytes: number): ConnectError {
  return new ConnectError(`the message has ${bytes} bytes, more than the ${maxBytes} allowed`, Code.ResourceExhausted);
}
