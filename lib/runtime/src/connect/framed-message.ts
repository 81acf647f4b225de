/** One message to its envelope, and out of it. */
import type { OutgoingHttpHeaders } from "node:http";
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Codec, notOneMessage } from "./codecs.ts";
import { type Compression, compressed } from "./compression.ts";
import { compressedFlag, type Envelope, EnvelopeReader, frame, tooLarge, wholeEnvelope } from "./envelope.ts";
import type { FramedRequest } from "./framed-protocol.ts";
import { addFields } from "./metadata.ts";
import type { OpenCall } from "./open-call.ts";

export interface Incoming {
  readonly call: OpenCall;
  readonly codec: Codec;
  /** What its caller packs messages with. */
  readonly used: Compression | undefined;
  readonly maxBytes: number;
}

/** The one message that `body` is. Throws `unimplemented` for none and for more, `invalid_argument` for one that is cut. */
export function decodedOnly(body: Uint8Array, incoming: Incoming): Promise<Message> | Message {
  const whole = wholeEnvelope(body, incoming.maxBytes);
  if (whole !== undefined) return decoded(whole, incoming);
  const reader = new EnvelopeReader(incoming.maxBytes);
  const envelopes = reader.push(body);
  reader.end();
  const [envelope] = envelopes;
  if (envelope === undefined || envelopes.length > 1) throw notOneMessage(envelopes.length);
  return decoded(envelope, incoming);
}

export function decoded({ flags, data }: Envelope, incoming: Incoming): Promise<Message> | Message {
  incoming.call.requestBytes += data.byteLength;
  if (flags === 0) return incoming.codec.decode(data);
  if (flags === compressedFlag) return unpacked(data, incoming);
  throw new ConnectError(`a request message has the unknown flags ${flags}`, Code.InvalidArgument);
}

function unpacked(data: Uint8Array, { codec, used, maxBytes }: Incoming): Promise<Message> | Message {
  if (used === undefined)
    throw new ConnectError("a request message is marked as compressed, and no encoding is named", Code.Internal);
  const decode = (bytes: Uint8Array): Message => {
    if (bytes.byteLength > maxBytes) throw tooLarge(bytes.byteLength, maxBytes);
    return codec.decode(bytes);
  };
  const plain = used.decompress(data, maxBytes);
  return plain instanceof Promise ? plain.then(decode) : decode(plain);
}

export type Pieces = readonly Uint8Array[];

export function framedMessage(plain: Uint8Array, packing: Compression | undefined): Promise<Pieces> | Pieces {
  const packed = compressed(plain, packing);
  if (packed === undefined) return frame(0, plain);
  return packed instanceof Promise
    ? packed.then((bytes) => frame(compressedFlag, bytes))
    : frame(compressedFlag, packed);
}

export function joined(pieces: Pieces): Uint8Array {
  const [first] = pieces;
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
}

/** The head of an answer: what the handler set, and how its messages are written. */
export function headFields(
  { setHeader }: OpenCall,
  { protocol, contentType }: FramedRequest,
  packing: Compression | undefined,
): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {};
  addFields(fields, setHeader);
  fields["content-type"] = contentType;
  if (packing !== undefined) fields[protocol.encodingHeader] = packing.name;
  return fields;
}
