import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { checkMessage, decodeLiteral } from "@flyte-dataplane/core";
import { type Literal, LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";

/** Where the bytes of a literal begin and end. */
type Extent = readonly [start: number, end: number];

/**
 * The inputs message, of which one literal at a time is decoded: as objects a hundred thousand of them take a hundred
 * times the memory of their bytes.
 */
export class InputsMessage {
  readonly #bytes: Uint8Array;
  readonly #ref: string;
  readonly #extents = new Map<string, Extent>();
  /** Literals that stand in place of what the message has. */
  readonly #others = new Map<string, Literal>();

  /** Throws `invalid_argument`, naming `ref`, for bytes that are no map of literals. Of a repeated name the last counts. */
  constructor(bytes: Uint8Array, ref: string) {
    checkMessage(LiteralMapSchema, bytes, { what: ref, ref });
    this.#bytes = bytes;
    this.#ref = ref;
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === 1 && wireType === WireType.LengthDelimited) this.#entry(reader);
      else reader.skip(wireType, field);
    }
  }

  get names(): Iterable<string> {
    return this.#extents.keys();
  }

  literal(name: string): Literal {
    const other = this.#others.get(name);
    if (other !== undefined) return other;
    const [start, end] = this.#extents.get(name) ?? [0, 0];
    return decodeLiteral(this.#bytes.subarray(start, end), this.#ref);
  }

  replace(name: string, literal: Literal): void {
    this.#others.set(name, literal);
  }

  #entry(reader: BinaryReader): void {
    const end = reader.uint32() + reader.pos;
    let name = "";
    let extent: Extent = [0, 0];
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field === 1) name = reader.string();
      else if (field === 2) {
        const length = reader.uint32();
        extent = [reader.pos, reader.pos + length];
        reader.pos += length;
      } else reader.skip(wireType, field);
    }
    this.#extents.set(name, extent);
  }
}
