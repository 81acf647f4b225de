// Generates what a newer peer might send: encoded fields under numbers that the reader has never heard of.
import { Buffer } from "node:buffer";
import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";

/** One encoded field: its number, and tag and value as bytes. */
export interface UnknownField {
  readonly number: number;
  readonly bytes: Uint8Array;
}

const highest = 2 ** 29 - 1;

/** One to four fields of any wire type, none of them under a number that `schema` declares. */
export function unknownFieldsOf(schema: DescMessage): fc.Arbitrary<readonly UnknownField[]> {
  const declared = new Set(schema.fields.map((field) => field.number));
  const number = fc
    .oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: highest }))
    .filter((candidate) => !declared.has(candidate));
  return fc.array(unknownField(number, 2), { minLength: 1, maxLength: 4 });
}

/** The fields one after the other, as they follow in a message. */
export function concatenated(fields: readonly UnknownField[]): Uint8Array {
  return Buffer.concat(fields.map(({ bytes }) => bytes));
}

function unknownField(number: fc.Arbitrary<number>, groupDepth: number): fc.Arbitrary<UnknownField> {
  return number.chain((value) => fieldOf(value, groupDepth));
}

function fieldOf(number: number, groupDepth: number): fc.Arbitrary<UnknownField> {
  const kinds = [
    varint.map((raw) => encode(number, WireType.Varint, raw)),
    fc.uint8Array({ minLength: 8, maxLength: 8 }).map((raw) => encode(number, WireType.Bit64, raw)),
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((raw) => encode(number, WireType.Bit32, raw)),
    fc.uint8Array({ maxLength: 24 }).map((raw) => encode(number, WireType.LengthDelimited, withLength(raw))),
  ];
  if (groupDepth > 0) {
    const inner = fc.array(unknownField(fc.integer({ min: 1, max: highest }), groupDepth - 1), { maxLength: 2 });
    kinds.push(
      inner.map((fields) => encode(number, WireType.StartGroup, Buffer.concat([concatenated(fields), end(number)]))),
    );
  }
  return fc.oneof(...kinds);
}

/** Also overlong forms: the reader must not tidy up what it does not understand. */
const varint = fc
  .tuple(fc.array(fc.integer({ min: 0x80, max: 0xff }), { maxLength: 9 }), fc.integer({ min: 0, max: 1 }))
  .map(([leading, last]) => Uint8Array.from([...leading, last]));

function encode(number: number, wireType: WireType, value: Uint8Array): UnknownField {
  return { number, bytes: new BinaryWriter().tag(number, wireType).raw(value).finish() };
}

function end(number: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.EndGroup).finish();
}

function withLength(value: Uint8Array): Uint8Array {
  return new BinaryWriter().bytes(value).finish();
}
