import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { GrowingBytes } from "../growing-bytes.ts";
import { literalEntry } from "../literal-entry.ts";

/** The message of a list or of a map of literals has them in this field. */
const literalsField = 1;

/** The items of a serialized list, one after the other, as bytes. */
export function* itemsOf(list: Uint8Array): Generator<Uint8Array, void, undefined> {
  const reader = new BinaryReader(list);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === literalsField && wireType === WireType.LengthDelimited) yield reader.bytes();
    else reader.skip(wireType, field);
  }
}

/** The members of a serialized map by their keys, each found when it is asked for. Of a repeated key the last counts. */
export class PackedMembers {
  readonly #bytes: Uint8Array;
  /** Where the length of the value stands; negative for a member without value. Plain numbers take the least memory. */
  readonly #places = new Map<string, number>();

  constructor(map: Uint8Array) {
    this.#bytes = map;
    const reader = new BinaryReader(map);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === literalsField && wireType === WireType.LengthDelimited) this.#entry(reader);
      else reader.skip(wireType, field);
    }
  }

  get keys(): Iterable<string> {
    return this.#places.keys();
  }

  /** Of a key that is not there the literal has no value. */
  member(key: string): Uint8Array {
    const place = this.#places.get(key) ?? -1;
    if (place < 0) return new Uint8Array();
    const reader = new BinaryReader(this.#bytes);
    reader.pos = place;
    return reader.bytes();
  }

  #entry(reader: BinaryReader): void {
    const end = reader.uint32() + reader.pos;
    let key = "";
    let place = -1;
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field === 1) key = reader.string();
      else {
        if (field === 2) place = reader.pos;
        reader.skip(wireType, field);
      }
    }
    this.#places.set(key, place);
  }
}

/** The message of a list or map in the making, as the bytes that it becomes. */
export class Packing {
  readonly #bytes = new GrowingBytes();

  /** What `from`, which is replaced, holds beside its literals is kept. */
  constructor(from: Uint8Array) {
    const reader = new BinaryReader(from);
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [field, wireType] = reader.tag();
      reader.skip(wireType, field);
      if (field !== literalsField) this.#bytes.add(from.subarray(start, reader.pos));
    }
  }

  addItem(item: Uint8Array): void {
    this.#bytes.add(new BinaryWriter().tag(literalsField, WireType.LengthDelimited).bytes(item).finish());
  }

  addMember(key: string, member: Uint8Array): void {
    this.#bytes.add(literalEntry(key, member));
  }

  get bytes(): Uint8Array {
    return this.#bytes.all;
  }
}
