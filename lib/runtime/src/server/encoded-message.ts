import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";

/**
 * The answer of a unary handler, or one message of a stream, that has its bytes already: a cache that stores them encoded
 * need not decode a message only to have it encoded again. Callers see no difference.
 */
export class EncodedMessage {
  /** The message in Protobuf's binary form. */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** The message that a handler of a method with this `output` answered with. */
export function messageOf(output: DescMessage, answer: unknown): Message {
  // Handlers are typed by their method, so what is not encoded is a message of `output`.
  return answer instanceof EncodedMessage ? fromBinary(output, answer.bytes) : (answer as Message);
}
