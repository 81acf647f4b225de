import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Literal, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { GrowingBytes } from "../growing-bytes.ts";
import { literalEntry } from "../literal-entry.ts";

/**
 * A list or map in the making, whose parts are kept as the bytes that they become: as objects, half a million of them
 * take a hundred times the memory, which a sidecar does not have. The literal can be written, not looked into.
 */
export class PackedLiteral {
  /** Of the message of a list, or of a map. */
  readonly #bytes = new GrowingBytes();

  addItem(literal: Literal): void {
    const item = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(toBinary(LiteralSchema, literal));
    this.#bytes.add(item.finish());
  }

  /** Keys are told apart by the caller. */
  addEntry(key: string, literal: Literal): void {
    this.#bytes.add(literalEntry(key, toBinary(LiteralSchema, literal)));
  }

  get list(): Literal {
    return this.#literal(LiteralSchema.field.collection.number);
  }

  get map(): Literal {
    return this.#literal(LiteralSchema.field.map.number);
  }

  /** What a message has in fields that its reader does not know is written as it is. */
  #literal(field: number): Literal {
    const literal = create(LiteralSchema);
    const data = new BinaryWriter().bytes(this.#bytes.all).finish();
    literal.$unknown = [{ no: field, wireType: WireType.LengthDelimited, data }];
    return literal;
  }
}
