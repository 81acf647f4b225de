import { type DescField, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { formatDateTimeJson, formatDurationJson } from "../text/well-known-json.ts";
import { sha256 } from "./digest.ts";

/**
 * The structural hash of a message's JSON form: every value is hashed with a tag for its type, objects by the sorted
 * hashes of their members. It works on the message itself, so values that JSON text cannot hold (NaN) have a hash too.
 */
export function objectHash<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Buffer {
  return hashMessage(reflect(schema, message));
}

function hashMessage(message: ReflectMessage): Buffer {
  const special = wellKnown[message.desc.typeName];
  if (special !== undefined) return special(message);
  const members: [Buffer, Buffer][] = [];
  for (const member of message.members) {
    const field = member.kind === "oneof" ? message.oneofCase(member) : message.isSet(member) ? member : undefined;
    if (field !== undefined) members.push([hashName(field.jsonName), hashField(message, field)]);
  }
  return hashObject(members);
}

const nameHashes = new Map<string, Buffer>();

/** Field names are few and recur with every literal. */
function hashName(name: string): Buffer {
  let hash = nameHashes.get(name);
  if (hash === undefined) {
    hash = hashText(name);
    nameHashes.set(name, hash);
  }
  return hash;
}

function hashField(message: ReflectMessage, field: DescField): Buffer {
  switch (field.fieldKind) {
    case "message":
      return hashMessage(message.get(field));
    case "scalar":
      return hashScalar(field.scalar, message.get(field));
    case "enum":
      return hashEnum(field.enum, message.get(field));
    case "list":
      return hashList([...message.get(field)].map((item) => hashItem(field, item)));
    case "map":
      return hashObject([...message.get(field)].map(([key, value]) => [hashText(String(key)), hashItem(field, value)]));
  }
}

/** An element of a list or the value of a map entry. */
function hashItem(field: DescField, item: unknown): Buffer {
  if (field.message !== undefined) return hashMessage(item as ReflectMessage);
  if (field.enum !== undefined) return hashEnum(field.enum, item as number);
  return hashScalar(field.scalar ?? ScalarType.INT32, item);
}

function hashEnum(desc: NonNullable<DescField["enum"]>, value: number): Buffer {
  if (desc.typeName === "google.protobuf.NullValue") return hashNull();
  const name = desc.value[value]?.name;
  return name === undefined ? hashNumber(value) : hashText(name);
}

function hashScalar(scalar: ScalarType, value: unknown): Buffer {
  if (scalar === ScalarType.BYTES) return hashText(Buffer.from(value as Uint8Array).toString("base64"));
  if (typeof value === "boolean") return tagged("b", value ? "1" : "0");
  if (typeof value === "number") return hashDouble(value);
  // 64-bit integers and text: JSON writes both as strings.
  return hashText(String(value));
}

/** JSON has no numbers for these, so they are text. */
function hashDouble(value: number): Buffer {
  if (Number.isNaN(value)) return hashText("NaN");
  if (!Number.isFinite(value)) return hashText(value > 0 ? "Infinity" : "-Infinity");
  return hashNumber(value);
}

/** Types whose JSON form is not an object of their fields. */
const wellKnown: Readonly<Record<string, (message: ReflectMessage) => Buffer>> = {
  "google.protobuf.Timestamp": (message) => hashText(formatDateTimeJson(secondsAndNanos(message))),
  "google.protobuf.Duration": (message) => hashText(formatDurationJson(secondsAndNanos(message))),
  "google.protobuf.Struct": (message) => firstField(message),
  "google.protobuf.ListValue": (message) => firstField(message, () => hashList([])),
  "google.protobuf.Value": (message) => {
    const set = message.fields.find((field) => message.isSet(field));
    return set === undefined ? hashNull() : hashField(message, set);
  },
  "google.protobuf.DoubleValue": firstFieldEvenZero,
  "google.protobuf.FloatValue": firstFieldEvenZero,
  "google.protobuf.Int64Value": firstFieldEvenZero,
  "google.protobuf.UInt64Value": firstFieldEvenZero,
  "google.protobuf.Int32Value": firstFieldEvenZero,
  "google.protobuf.UInt32Value": firstFieldEvenZero,
  "google.protobuf.BoolValue": firstFieldEvenZero,
  "google.protobuf.StringValue": firstFieldEvenZero,
  "google.protobuf.BytesValue": firstFieldEvenZero,
};

function firstField(message: ReflectMessage, whenEmpty: () => Buffer = () => hashObject([])): Buffer {
  const [field] = message.fields;
  return field === undefined || !message.isSet(field) ? whenEmpty() : hashField(message, field);
}

function firstFieldEvenZero(message: ReflectMessage): Buffer {
  const [field] = message.fields;
  return field === undefined ? hashObject([]) : hashField(message, field);
}

function secondsAndNanos(message: ReflectMessage): { seconds: bigint; nanos: number } {
  const { seconds, nanos } = message.message as unknown as { seconds: bigint; nanos: number };
  return { seconds, nanos };
}

function hashNull(): Buffer {
  return tagged("n", "");
}

function hashText(text: string): Buffer {
  return tagged("u", text);
}

function hashNumber(value: number): Buffer {
  return tagged("f", normalizedNumber(value));
}

function hashList(items: readonly Buffer[]): Buffer {
  return tagged("l", Buffer.concat(items));
}

function hashObject(members: [Buffer, Buffer][]): Buffer {
  const pairs = members.length > 1 ? members.sort(([a], [b]) => Buffer.compare(a, b)) : members;
  return tagged("d", Buffer.concat(pairs.flat()));
}

function tagged(tag: string, body: string | Buffer): Buffer {
  return sha256(typeof body === "string" ? `${tag}${body}` : Buffer.concat([Buffer.from(tag), body]));
}

/** Sign, binary exponent, and the binary digits of the magnitude scaled into (0.5, 1]; exact, as every step is. */
function normalizedNumber(value: number): string {
  if (value === 0) return "+0:";
  let text = value < 0 ? "-" : "+";
  let rest = Math.abs(value);
  let exponent = 0;
  while (rest > 1) {
    rest /= 2;
    exponent += 1;
  }
  while (rest <= 0.5) {
    rest *= 2;
    exponent -= 1;
  }
  text += `${exponent}:`;
  while (rest !== 0) {
    if (rest >= 1) {
      text += "1";
      rest -= 1;
    } else {
      text += "0";
    }
    rest *= 2;
  }
  return text;
}
