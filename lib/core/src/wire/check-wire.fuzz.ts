import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { damaged, expectEqual, integer, judge, oneOf, type Random } from "../../test/random-input.ts";
import { DataPlaneError } from "../errors.ts";
import { decodeLiteralMap } from "../literals/decode.ts";
import { fromPlain } from "../literals/from-plain.ts";
import { toPlain } from "../literals/to-plain.ts";
import { encodeDeterministic } from "./encode-deterministic.ts";

/** Bytes shaped like a message: tags that mostly fit the literals' own, lengths that mostly fit their content. */
function messageBytes(random: Random, depth: number): Uint8Array {
  const writer = new BinaryWriter();
  for (let i = integer(random, 4); i > 0; i -= 1) {
    const number = oneOf(random, [1, 1, 1, 2, 2, 3, 4, 5, 7, 8, 9, 15]);
    const kind = integer(random, depth > 12 ? 4 : 8);
    if (kind === 0)
      writer.tag(number, WireType.Varint).uint64(BigInt(integer(random, 2 ** 48)) << BigInt(integer(random, 16)));
    else if (kind === 1)
      writer.tag(number, WireType.Bit64).double(oneOf(random, [0, -0, Number.NaN, 1.5, Number.MAX_VALUE]));
    else if (kind === 2)
      writer.tag(number, WireType.LengthDelimited).string(oneOf(random, ["", "x", "__proto__", "é", "key"]));
    else if (kind === 3) writer.tag(number, WireType.Bit32).fixed32(integer(random, 2 ** 32));
    else writer.tag(number, WireType.LengthDelimited).bytes(messageBytes(random, depth + 1));
  }
  return writer.finish();
}

export const fuzzTarget: FuzzTarget = {
  name: "literal-map",
  subject: "lib/core/src/wire/check-wire.ts",
  generate: (random) => damaged(random, messageBytes(random, 0)),
  run: (input) =>
    judge(
      () => {
        const map = decodeLiteralMap(input, "s3://b/inputs.pb");
        const bytes = encodeDeterministic(LiteralMapSchema, map);
        const again = encodeDeterministic(LiteralMapSchema, decodeLiteralMap(bytes, "again"));
        expectEqual(Buffer.from(again).toString("hex"), Buffer.from(bytes).toString("hex"), "written and read again");
        expectEqual(`${toBinary(LiteralMapSchema, map).length}`, `${bytes.length}`, "length");
        for (const [name, literal] of Object.entries(map.literals)) toPlain(fromPlain(toPlain(literal, name)));
      },
      (error) => error instanceof DataPlaneError && error.code === "invalid_argument",
    ),
};
