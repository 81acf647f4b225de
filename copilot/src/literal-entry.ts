import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";

/** One entry of a map of literals, as the bytes that it is in the map's message. */
export function literalEntry(name: string, literal: Literal): Uint8Array {
  const entry = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(name)
    .tag(2, WireType.LengthDelimited)
    .bytes(toBinary(LiteralSchema, literal));
  return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(entry.finish()).finish();
}
