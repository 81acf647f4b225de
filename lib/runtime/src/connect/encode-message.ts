/**
 * Messages to bytes along a plan that is made once for each descriptor, into one buffer that is used again. The bytes are
 * those of protobuf-es' `toBinary`, which looks up every field's kind anew for every message, makes a buffer for every
 * nested one, and so takes longer for a small answer than all the rest of its call.
 */
import { type DescField, type DescMessage, type Message, ScalarType, toBinary } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { MessageSink } from "./message-sink.ts";

type Fields = Readonly<Record<string, unknown>>;
type WriteField = (message: Fields) => void;
type WriteValue = (value: unknown) => void;

interface Plan {
  readonly schema: DescMessage;
  /** Undefined until it is first needed, since messages may hold their like; null where `toBinary` has to write it. */
  writers: readonly WriteField[] | null | undefined;
}

/** Encodes messages of `schema`. Throws as `toBinary` does. */
export function createEncoder(schema: DescMessage): (message: Message) => Uint8Array {
  const plan = planOf(schema);
  return (message) => {
    sink.reset();
    try {
      writeMessage(plan, message);
      return sink.copy();
    } catch (error) {
      if (error !== unusual) throw error;
      return toBinary(schema, message);
    }
  };
}

/** Thrown at a value that is not quite of its field's type: what becomes of it, an error mostly, is `toBinary`'s to say. */
const unusual = new Error("a value of another type than its field");
/** Encoding never waits, so one is enough. */
const sink = new MessageSink();
const plans = new WeakMap<DescMessage, Plan>();

function planOf(schema: DescMessage): Plan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const plan: Plan = { schema, writers: undefined };
  plans.set(schema, plan);
  return plan;
}

function writeMessage(plan: Plan, value: unknown): void {
  if (typeof value !== "object" || value === null) throw unusual;
  plan.writers ??= writersOf(plan.schema);
  const message = value as Message;
  if (plan.writers === null) {
    sink.raw(toBinary(plan.schema, message));
    return;
  }
  for (const write of plan.writers) write(message);
  if (message.$unknown === undefined) return;
  for (const { no, wireType, data } of message.$unknown) {
    sink.varint(((no << 3) | wireType) >>> 0);
    sink.raw(data);
  }
}

function writersOf(schema: DescMessage): readonly WriteField[] | null {
  const writers: WriteField[] = [];
  for (const field of schema.fields.toSorted((a, b) => a.number - b.number)) {
    const writer = writerOf(field);
    if (writer === undefined) return null;
    writers.push(writer);
  }
  return writers;
}

/** Undefined for the rare kinds, which are not written here. */
function writerOf(field: DescField): WriteField | undefined {
  switch (field.fieldKind) {
    case "list":
      return listWriter(field);
    case "map":
      return mapWriter(field);
    default: {
      const write = valueWriter(field);
      return write && singleWriter(field, tagOf(field.number, field), write);
    }
  }
}

function singleWriter(field: DescField, tag: number, write: WriteValue): WriteField | undefined {
  const { localName: name } = field;
  const set = (value: unknown): void => {
    sink.varint(tag);
    write(value);
  };
  if (field.oneof !== undefined) {
    const { localName: group } = field.oneof;
    return (message) => {
      const chosen = message[group] as { readonly case?: string; readonly value?: unknown };
      if (chosen.case === name) set(chosen.value);
    };
  }
  if (field.presence === FeatureSet_FieldPresence.EXPLICIT)
    return (message) => {
      const value = message[name];
      if (value !== undefined && Object.hasOwn(message, name)) set(value);
    };
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) return undefined;
  if (field.fieldKind === "enum") {
    const none = field.enum.values[0]?.number;
    return (message) => {
      if (message[name] !== none) set(message[name]);
    };
  }
  const isZero = zeroTest(field.scalar);
  return (message) => {
    const value = message[name];
    if (!isZero(value)) set(value);
  };
}

/** Only the field's own zero is left out: that of another type is a value like any that does not fit. */
function zeroTest(type: ScalarType | undefined): (value: unknown) => boolean {
  switch (type) {
    case ScalarType.STRING:
      return (value) => value === "";
    case ScalarType.BOOL:
      return (value) => value === false;
    case ScalarType.BYTES:
      return (value) => value instanceof Uint8Array && value.byteLength === 0;
    case ScalarType.INT64:
    case ScalarType.UINT64:
      return (value) => value === 0n;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      // -0 is carried.
      return (value) => Object.is(value, 0);
    default:
      return (value) => value === 0;
  }
}

function listWriter(field: DescField & { fieldKind: "list" }): WriteField | undefined {
  const { localName: name, number } = field;
  const write = valueWriter(field);
  if (write === undefined) return undefined;
  if (field.packed) {
    const tag = ((number << 3) | lengthDelimited) >>> 0;
    return (message) => {
      const items = message[name] as readonly unknown[];
      if (items.length === 0) return;
      sink.varint(tag);
      const start = sink.open();
      for (const item of items) write(item);
      sink.close(start);
    };
  }
  const tag = tagOf(number, field);
  return (message) => {
    for (const item of message[name] as readonly unknown[]) {
      sink.varint(tag);
      write(item);
    }
  };
}

function mapWriter(field: DescField & { fieldKind: "map" }): WriteField | undefined {
  const { localName: name, number } = field;
  const write = valueWriter(field);
  if (field.mapKey !== ScalarType.STRING || write === undefined) return undefined;
  const tag = ((number << 3) | lengthDelimited) >>> 0;
  const keyTag = (1 << 3) | lengthDelimited;
  const valueTag = tagOf(2, field);
  return (message) => {
    const entries = message[name] as Fields;
    for (const key of Object.keys(entries)) {
      sink.varint(tag);
      const start = sink.open();
      sink.varint(keyTag);
      sink.text(key);
      sink.varint(valueTag);
      write(entries[key]);
      sink.close(start);
    }
  };
}

const varint = 0;
const bit64 = 1;
const lengthDelimited = 2;
const bit32 = 5;

function tagOf(number: number, field: DescField): number {
  return ((number << 3) | wireTypeOf(field)) >>> 0;
}

function wireTypeOf({ message, scalar }: DescField): number {
  if (message !== undefined || scalar === ScalarType.STRING || scalar === ScalarType.BYTES) return lengthDelimited;
  if (scalar === ScalarType.DOUBLE) return bit64;
  return scalar === ScalarType.FLOAT ? bit32 : varint;
}

/** Of the field's value, or of one item of its list or map; undefined for kinds that are not written here. */
function valueWriter(field: DescField): WriteValue | undefined {
  const { message } = field;
  if (message !== undefined) {
    // In a field, a Struct is a plain object and a wrapper its value; groups have an end instead of a length.
    const odd = message.typeName === "google.protobuf.Struct" || isWrapperDesc(message);
    if (odd || ("delimitedEncoding" in field && field.delimitedEncoding)) return undefined;
    const plan = planOf(message);
    return (value) => {
      const start = sink.open();
      writeMessage(plan, value);
      sink.close(start);
    };
  }
  switch (field.scalar ?? ScalarType.INT32) {
    case ScalarType.STRING:
      return (value) => sink.text(typeof value === "string" ? value : refuse());
    case ScalarType.BYTES:
      return (value) => {
        const bytes = value instanceof Uint8Array ? value : refuse();
        sink.varint(bytes.byteLength);
        sink.raw(bytes);
      };
    case ScalarType.BOOL:
      return (value) => sink.varint(typeof value === "boolean" ? Number(value) : refuse());
    case ScalarType.INT32:
      return (value) => {
        if (typeof value !== "number" || (value | 0) !== value) throw unusual;
        if (value >= 0) sink.varint(value);
        else sink.varint64(BigInt(value));
      };
    case ScalarType.UINT32:
      return (value) => sink.varint(typeof value === "number" && value >>> 0 === value ? value : refuse());
    case ScalarType.INT64:
      return (value) =>
        sink.varint64(typeof value === "bigint" && BigInt.asIntN(64, value) === value ? value : refuse());
    case ScalarType.UINT64:
      return (value) =>
        sink.varint64(typeof value === "bigint" && BigInt.asUintN(64, value) === value ? value : refuse());
    case ScalarType.DOUBLE:
      return (value) => sink.double(typeof value === "number" ? value : refuse());
    case ScalarType.FLOAT:
      return (value) => sink.float(typeof value === "number" && Math.abs(value) <= largestFloat ? value : refuse());
    default:
      return undefined;
  }
}

const largestFloat = 3.4028234663852886e38;

function refuse(): never {
  throw unusual;
}
