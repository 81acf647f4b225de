import { type DescField, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * Serialization whose bytes are hashed, hence shared with other programs. Field order is part of the result:
 * `oneofs-last` is what Go writes (plain fields by number, then the member of each oneof in declaration order),
 * `by-number` what Python writes. Both sort map entries by key, by UTF-8 bytes, and put unknown fields last.
 */
export type FieldOrder = "oneofs-last" | "by-number";

export function encodeDeterministic<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  order: FieldOrder = "oneofs-last",
): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, reflect(schema, message), order);
  return writer.finish();
}

/** Compares two texts by their UTF-8 bytes; JavaScript's own order is by UTF-16 units, which differs beyond U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  // Below the surrogates the units of a string are in the order of their UTF-8 bytes.
  if (!surrogateOrAbove.test(a) && !surrogateOrAbove.test(b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const surrogateOrAbove = /[\ud800-\uffff]/;

function writeMessage(writer: BinaryWriter, message: ReflectMessage, order: FieldOrder): void {
  for (const field of setFields(message, order)) writeField(writer, message, field, order);
  for (const unknown of message.getUnknown() ?? []) writer.tag(unknown.no, unknown.wireType).raw(unknown.data);
}

function setFields(message: ReflectMessage, order: FieldOrder): readonly DescField[] {
  const fields = plainFields(message.desc).filter((field) => message.isSet(field));
  // Asking each oneof for its member is far cheaper than asking each member whether it is set.
  for (const oneof of message.oneofs) {
    const member = message.oneofCase(oneof);
    if (member !== undefined) fields.push(member);
  }
  return order === "by-number" ? fields.sort((a, b) => a.number - b.number) : fields;
}

const plainFieldsOf = new WeakMap<DescMessage, readonly DescField[]>();

/** Fields outside of oneofs, by number. */
function plainFields(desc: DescMessage): readonly DescField[] {
  let fields = plainFieldsOf.get(desc);
  if (fields === undefined) {
    fields = desc.fields.filter((field) => field.oneof === undefined).sort((a, b) => a.number - b.number);
    plainFieldsOf.set(desc, fields);
  }
  return fields;
}

function writeField(writer: BinaryWriter, message: ReflectMessage, field: DescField, order: FieldOrder): void {
  switch (field.fieldKind) {
    case "scalar":
      writeScalar(writer, field.number, field.scalar, message.get(field));
      return;
    case "enum":
      writer.tag(field.number, WireType.Varint).int32(message.get(field));
      return;
    case "message":
      writeNested(writer, field.number, message.get(field), order);
      return;
    case "list":
      writeList(writer, message, field, order);
      return;
    case "map":
      writeMap(writer, message, field, order);
  }
}

function writeNested(writer: BinaryWriter, number: number, message: ReflectMessage, order: FieldOrder): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  writeMessage(writer, message, order);
  writer.join();
}

function writeList(
  writer: BinaryWriter,
  message: ReflectMessage,
  field: DescField & { fieldKind: "list" },
  order: FieldOrder,
): void {
  const list = message.get(field);
  if (field.listKind === "message") {
    for (const item of list) writeNested(writer, field.number, asReflect(item), order);
    return;
  }
  const scalar = field.scalar ?? ScalarType.INT32;
  if (scalar === ScalarType.STRING || scalar === ScalarType.BYTES) {
    for (const item of list) writeScalar(writer, field.number, scalar, item);
    return;
  }
  writer.tag(field.number, WireType.LengthDelimited).fork();
  for (const item of list) writeValue(writer, scalar, item);
  writer.join();
}

function writeMap(
  writer: BinaryWriter,
  message: ReflectMessage,
  field: DescField & { fieldKind: "map" },
  order: FieldOrder,
): void {
  const map = message.get(field);
  for (const [key, value] of [...map].sort(([a], [b]) => compareKeys(a, b))) {
    writer.tag(field.number, WireType.LengthDelimited).fork();
    writeScalar(writer, 1, field.mapKey, key);
    if (field.mapKind === "message") writeNested(writer, 2, asReflect(value), order);
    else writeScalar(writer, 2, field.scalar ?? ScalarType.INT32, value);
    writer.join();
  }
}

function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return compareUtf8(a, b);
  const [x, y] = [BigInt(a as bigint | number | boolean), BigInt(b as bigint | number | boolean)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function writeScalar(writer: BinaryWriter, number: number, scalar: ScalarType, value: unknown): void {
  writer.tag(number, wireTypes[scalar]);
  writeValue(writer, scalar, value);
}

/** The reflection API hands out values of the type that the descriptor names; the casts restate that. */
function writeValue(writer: BinaryWriter, scalar: ScalarType, value: unknown): void {
  switch (scalar) {
    case ScalarType.STRING:
      writer.string(value as string);
      return;
    case ScalarType.BYTES:
      writer.bytes(value as Uint8Array);
      return;
    case ScalarType.BOOL:
      writer.bool(value as boolean);
      return;
    case ScalarType.DOUBLE:
      writer.double(value as number);
      return;
    case ScalarType.FLOAT:
      writer.float(value as number);
      return;
    case ScalarType.INT32:
      writer.int32(value as number);
      return;
    case ScalarType.UINT32:
      writer.uint32(value as number);
      return;
    case ScalarType.SINT32:
      writer.sint32(value as number);
      return;
    case ScalarType.FIXED32:
      writer.fixed32(value as number);
      return;
    case ScalarType.SFIXED32:
      writer.sfixed32(value as number);
      return;
    case ScalarType.INT64:
      writer.int64(value as bigint);
      return;
    case ScalarType.UINT64:
      writer.uint64(value as bigint);
      return;
    case ScalarType.SINT64:
      writer.sint64(value as bigint);
      return;
    case ScalarType.FIXED64:
      writer.fixed64(value as bigint);
      return;
    case ScalarType.SFIXED64:
      writer.sfixed64(value as bigint);
  }
}

const wireTypes: Readonly<Record<ScalarType, WireType>> = {
  [ScalarType.STRING]: WireType.LengthDelimited,
  [ScalarType.BYTES]: WireType.LengthDelimited,
  [ScalarType.BOOL]: WireType.Varint,
  [ScalarType.DOUBLE]: WireType.Bit64,
  [ScalarType.FLOAT]: WireType.Bit32,
  [ScalarType.INT32]: WireType.Varint,
  [ScalarType.UINT32]: WireType.Varint,
  [ScalarType.SINT32]: WireType.Varint,
  [ScalarType.FIXED32]: WireType.Bit32,
  [ScalarType.SFIXED32]: WireType.Bit32,
  [ScalarType.INT64]: WireType.Varint,
  [ScalarType.UINT64]: WireType.Varint,
  [ScalarType.SINT64]: WireType.Varint,
  [ScalarType.FIXED64]: WireType.Bit64,
  [ScalarType.SFIXED64]: WireType.Bit64,
};

function asReflect(value: unknown): ReflectMessage {
  return value as ReflectMessage;
}
