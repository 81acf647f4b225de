import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** One entry of a map of literals, of which this one is serialized, as the bytes that it is in the map's message. */
export function literalEntry(name: string, literal: Uint8Array): Uint8Array {
  return new BinaryWriter().raw(literalEntryHead(name, literal.byteLength)).raw(literal).finish();
}

/** What such an entry has before its literal of `bytes` bytes: whoever gathers large ones need not copy them once more. */
export function literalEntryHead(name: string, bytes: number): Uint8Array {
  const head = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(name)
    .tag(2, WireType.LengthDelimited)
    .uint32(bytes)
    .finish();
  return new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .uint32(head.byteLength + bytes)
    .raw(head)
    .finish();
}
