import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** One entry of a map of literals, of which this one is serialized, as the bytes that it is in the map's message. */
export function literalEntry(name: string, literal: Uint8Array): Uint8Array {
  const entry = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(name)
    .tag(2, WireType.LengthDelimited)
    .bytes(literal);
  return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(entry.finish()).finish();
}
