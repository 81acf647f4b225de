import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { DataPlaneError } from "../errors.ts";
import { checkWire, WireFault } from "./check-wire.ts";

/**
 * Messages within messages that a document may hold, entries of maps among them. It is the limit of the C++, Java and Python runtimes, so
 * whatever passes here can be read by every client.
 */
export const maxMessageDepth = 100;

export interface DecodeOptions {
  /** What the bytes are, for the error message: `inputs s3://b/k`. */
  readonly what: string;
  /** The location they came from, kept on the error. */
  readonly ref?: string;
}

/**
 * Decodes a message that came from outside. Unknown fields are kept. Throws `invalid_argument`, naming the field and
 * the offset, for bytes that are truncated, malformed, not UTF-8 where text belongs, or nested too deeply.
 */
export function decodeMessage<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
  options: DecodeOptions,
): MessageShape<Desc> {
  try {
    checkWire(schema, bytes, maxMessageDepth);
    return fromBinary(schema, bytes, { recursionLimit: maxMessageDepth });
  } catch (cause) {
    throw undecodable(schema, options, cause);
  }
}

/** Throws as {@link decodeMessage} does, for bytes that somebody else decodes. */
export function checkMessage(schema: DescMessage, bytes: Uint8Array, options: DecodeOptions): void {
  try {
    checkWire(schema, bytes, maxMessageDepth);
  } catch (cause) {
    throw undecodable(schema, options, cause);
  }
}

function undecodable(schema: DescMessage, { what, ref }: DecodeOptions, cause: unknown): DataPlaneError {
  const place =
    cause instanceof WireFault
      ? `${cause.message} at ${cause.path || "the top"}, offset ${cause.offset}`
      : "malformed bytes";
  const details = ref === undefined ? { cause } : { ref, cause };
  return new DataPlaneError("invalid_argument", `decode ${what} as ${schema.typeName}: ${place}`, details);
}
