// Generates messages of any type: each field present or absent, every kind of value, bounded in depth. Values that no
// encoding can carry (lone surrogates, times outside the years 1 to 9999, NaN inside a Struct) are left out, and so is
// the one map key that the runtime cannot hold, which map-keys.test.ts pins down.
import type { DescField, DescMessage, Message, MessageInitShape } from "@bufbuild/protobuf";
import { create, ScalarType } from "@bufbuild/protobuf";
import {
  AnySchema,
  anyPack,
  DurationSchema,
  isWrapperDesc,
  StructSchema,
  TimestampSchema,
  timestampFromMs,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";

/** Below this depth message fields stay absent, which ends recursive types. */
const deepest = 4;

const known = new Map<string, fc.Arbitrary<Message>>();

/** Messages of one type; the same arbitrary for the same type. */
export function anyMessage(schema: DescMessage): fc.Arbitrary<Message> {
  return messageAt(schema, 0);
}

function messageAt(schema: DescMessage, depth: number): fc.Arbitrary<Message> {
  const id = `${schema.typeName} ${depth}`;
  const found = known.get(id);
  if (found !== undefined) return found;
  const made = wellKnown(schema) ?? composed(schema, depth);
  known.set(id, made);
  return made;
}

function composed(schema: DescMessage, depth: number): fc.Arbitrary<Message> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  for (const member of schema.members) {
    const choices = (member.kind === "oneof" ? member.fields : [member])
      .filter((field) => depth < deepest || field.message === undefined)
      .map((field) => (member.kind === "oneof" ? caseOf(field, depth) : fieldValue(field, depth)));
    if (choices.length > 0) members[member.localName] = sometimes(fc.oneof(...choices), depth);
  }
  return fc.record(members).map((init) => create(schema, init as MessageInitShape<DescMessage>));
}

/** Fields at the top are there half of the time, deeper ones less often, or wide types would explode. */
function sometimes(value: fc.Arbitrary<unknown>, depth: number): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: depth === 0 ? 1 : 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

function caseOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  return fieldValue(field, depth).map((value) => ({ case: field.localName, value }));
}

function fieldValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.fieldKind === "list") return fc.array(element(field, depth), { maxLength: 3 });
  if (field.fieldKind === "map") {
    return fc.dictionary(mapKey(field.mapKey), element(field, depth), { maxKeys: 3, noNullPrototype: true });
  }
  // The generated code shows these two as plain values wherever they are a single field.
  if (field.message?.typeName === StructSchema.typeName) return jsonObject;
  if (field.message !== undefined && isWrapperDesc(field.message)) return scalar(field.message.fields[0].scalar);
  return element(field, depth);
}

function element(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return messageAt(field.message, depth + 1);
  if (field.enum !== undefined) {
    const listed = fc.constantFrom(...field.enum.values.map(({ number }) => number));
    // An open enum carries numbers that a newer peer has added.
    return field.enum.open ? fc.oneof(listed, fc.integer()) : listed;
  }
  return scalar(field.scalar);
}

function mapKey(type: ScalarType): fc.Arbitrary<string> {
  return type === ScalarType.STRING ? key : fc.integer().map(String);
}

function scalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 20 });
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      return fc.double().map(withoutNegativeZero);
    case ScalarType.FLOAT:
      return fc.float().map(withoutNegativeZero);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.integer({ min: 0, max: 2 ** 32 - 1 });
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return fc.integer();
  }
}

/** All of Unicode except lone surrogates, which UTF-8 has no form for. */
const text = fc.string({ unit: "binary", maxLength: 12 });

const key = text.filter((name) => name !== "__proto__");

/** JSON text in JavaScript writes -0 as 0. */
function withoutNegativeZero(value: number): number {
  return value === 0 ? 0 : value;
}

const jsonObject = fc
  .dictionary(key, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3, noNullPrototype: true })
  .map((value) => JSON.stringify(value))
  .filter((json) => !json.includes("__proto__"))
  .map((json) => JSON.parse(json) as unknown);

function wellKnown(schema: DescMessage): fc.Arbitrary<Message> | undefined {
  switch (schema.typeName) {
    case TimestampSchema.typeName:
      return fc
        .record({ seconds: fc.bigInt({ min: -62135596800n, max: 253402300799n }), nanos: nanoseconds })
        .map((init) => create(TimestampSchema, init));
    case DurationSchema.typeName:
      // Both parts carry the sign.
      return fc
        .record({ seconds: fc.bigInt({ min: 0n, max: 315576000000n }), nanos: nanoseconds, past: fc.boolean() })
        .map(({ seconds, nanos, past }) =>
          create(DurationSchema, past ? { seconds: -seconds, nanos: withoutNegativeZero(-nanos) } : { seconds, nanos }),
        );
    case AnySchema.typeName:
      return fc.integer({ min: 0, max: 4e12 }).map((ms) => anyPack(TimestampSchema, timestampFromMs(ms)));
    default:
      return undefined;
  }
}

const nanoseconds = fc.integer({ min: 0, max: 999_999_999 });
