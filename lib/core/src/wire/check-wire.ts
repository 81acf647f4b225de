import { isUtf8 } from "node:buffer";
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";

/**
 * Walks serialized bytes along a message's descriptor before they are decoded. The decoder itself is lenient where a
 * wrong value would come out: a field running past the end of its message, a field of another wire type, a map key
 * that JavaScript objects cannot hold, a dynamic value of no kind. Here each is refused, with its place.
 */

/** What is wrong and where; `path` reads like `literals["x"].scalar`, empty at the top. */
export class WireFault extends Error {
  override readonly name: string = "WireFault";
  readonly path: string;
  /** Offset in the whole input. */
  readonly offset: number;

  constructor(what: string, path: readonly string[], offset: number) {
    super(what);
    this.path = path.join("");
    this.offset = offset;
  }
}

/** Throws {@link WireFault} for bytes that do not hold exactly one message of `schema`, or one nested deeper than `maxDepth`. */
export function checkWire(schema: DescMessage, bytes: Uint8Array, maxDepth: number): void {
  const scan = new Scan(bytes, maxDepth);
  scan.message(schema, bytes.length, 1);
}

/** A length, then the text. */
interface KeyPlace {
  readonly from: number;
  readonly to: number;
}

/** Letters of a key that a fault shows. */
const mostKeyLetters = 64;

class Scan {
  private readonly bytes: Uint8Array;
  private readonly maxDepth: number;
  /** Names of fields, and where the text of a map entry's key lies: it is read only for a fault. */
  private readonly path: (string | KeyPlace)[] = [];
  private position = 0;

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.bytes = bytes;
    this.maxDepth = maxDepth;
  }

  message(schema: DescMessage, end: number, depth: number): void {
    if (depth > this.maxDepth) throw this.fault(`nested deeper than ${this.maxDepth} messages`);
    const fields = fieldsOf(schema);
    let known = false;
    while (this.position < end) {
      const { number, wireType } = this.tag(end);
      const field = fields.get(number);
      if (field === undefined) {
        this.skip(number, wireType, end, depth);
        continue;
      }
      known = true;
      this.path.push(this.path.length === 0 ? field.name : `.${field.name}`);
      this.field(field, wireType, end, depth);
      this.path.pop();
    }
    if (!known && schema.typeName === "google.protobuf.Value") throw this.fault("a dynamic value of no kind");
  }

  private field(field: DescField, wireType: WireType, end: number, depth: number): void {
    if (field.fieldKind === "map") {
      this.mapEntry(field, this.lengthEnd(wireType, end), depth + 1);
    } else if (field.message !== undefined) {
      this.message(field.message, this.lengthEnd(wireType, end), depth + 1);
    } else {
      const scalar = field.scalar ?? ScalarType.INT32;
      const expected = wireTypeOf(scalar);
      if (
        field.fieldKind === "list" &&
        wireType === WireType.LengthDelimited &&
        expected !== WireType.LengthDelimited
      ) {
        const packedEnd = this.lengthEnd(wireType, end);
        while (this.position < packedEnd) this.scalar(scalar, expected, packedEnd);
      } else {
        this.scalar(scalar, wireType, end);
      }
    }
  }

  /** Other runtimes read an entry as the message that it is on the wire, and count it. */
  private mapEntry(field: DescField & { fieldKind: "map" }, end: number, depth: number): void {
    if (depth > this.maxDepth) throw this.fault(`nested deeper than ${this.maxDepth} messages`);
    let valueSeen = false;
    let key: KeyPlace | undefined;
    while (this.position < end) {
      const { number, wireType } = this.tag(end);
      if (number === 1) {
        const from = this.position;
        this.scalar(field.mapKey, wireType, end);
        if (field.mapKey === ScalarType.STRING) {
          this.mapKey(from);
          key = { from, to: this.position };
        }
      } else if (number === 2) {
        valueSeen = true;
        this.path.push(key ?? "[value]");
        if (field.message === undefined) this.scalar(field.scalar ?? ScalarType.INT32, wireType, end);
        else this.message(field.message, this.lengthEnd(wireType, end), depth + 1);
        this.path.pop();
      } else {
        throw this.fault(`a map entry has no field ${number}`);
      }
    }
    if (!valueSeen && field.message?.typeName === "google.protobuf.Value")
      throw this.fault("a dynamic value of no kind");
  }

  /** Decoded maps are plain objects, where this one name is not an entry. */
  private mapKey(from: number): void {
    if (this.bytes[from] !== protoKey.length || this.position !== from + 1 + protoKey.length) return;
    if (protoKey.every((byte, i) => this.bytes[from + 1 + i] === byte))
      throw this.fault('the map key "__proto__" is not supported');
  }

  private scalar(scalar: ScalarType, wireType: WireType, end: number): void {
    const expected = wireTypeOf(scalar);
    if (wireType !== expected) throw this.fault(`wire type ${wireType} where ${expected} belongs`);
    if (expected === WireType.LengthDelimited) {
      const from = this.position;
      const textEnd = this.lengthEnd(wireType, end);
      if (scalar === ScalarType.STRING && !isUtf8(this.bytes.subarray(this.position, textEnd))) {
        throw this.fault("text that is not valid UTF-8", from);
      }
      this.position = textEnd;
    } else if (expected === WireType.Varint) {
      this.varint(end);
    } else {
      this.advance(expected === WireType.Bit64 ? 8 : 4, end);
    }
  }

  private tag(end: number): { readonly number: number; readonly wireType: WireType } {
    const from = this.position;
    const tag = this.varint(end);
    const number = Math.floor(tag / 8);
    const wireType = wireTypes[tag % 8];
    if (wireType === undefined) throw this.fault(`there is no wire type ${tag % 8}`, from);
    if (number < 1 || number > 0x1fffffff) throw this.fault(`field number ${number} is out of range`, from);
    return { number, wireType };
  }

  /** Reads the length of a delimited field and returns where it ends. */
  private lengthEnd(wireType: WireType, end: number): number {
    if (wireType !== WireType.LengthDelimited) throw this.fault(`wire type ${wireType} where 2 belongs`);
    const from = this.position;
    const length = this.varint(end);
    if (length > end - this.position)
      throw this.fault(`a length of ${length} where ${end - this.position} bytes remain`, from);
    return this.position + length;
  }

  private skip(number: number, wireType: WireType, end: number, depth: number): void {
    if (depth > this.maxDepth) throw this.fault(`nested deeper than ${this.maxDepth} messages`);
    if (wireType === WireType.Varint) this.varint(end);
    else if (wireType === WireType.Bit64) this.advance(8, end);
    else if (wireType === WireType.Bit32) this.advance(4, end);
    else if (wireType === WireType.LengthDelimited) this.position = this.lengthEnd(wireType, end);
    else if (wireType === WireType.StartGroup) this.group(number, end, depth + 1);
    else throw this.fault("a group ends that was not begun");
  }

  private group(number: number, end: number, depth: number): void {
    for (;;) {
      const tag = this.tag(end);
      if (tag.wireType === WireType.EndGroup) {
        if (tag.number !== number) throw this.fault(`group ${number} ends as group ${tag.number}`);
        return;
      }
      this.skip(tag.number, tag.wireType, end, depth);
    }
  }

  /** The value is exact up to 2^53, which is all that tags and lengths need. */
  private varint(end: number): number {
    const from = this.position;
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes[this.position];
      if (byte === undefined || this.position >= end) throw this.fault("the message ends inside a number", from);
      this.position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (this.position - from === 10 && byte > 1) throw this.fault("a number of more than 64 bits", from);
        return value;
      }
      if (this.position - from === 10) throw this.fault("a number of more than 64 bits", from);
      scale *= 128;
    }
  }

  private advance(count: number, end: number): void {
    if (count > end - this.position) throw this.fault(`a value of ${count} bytes where ${end - this.position} remain`);
    this.position += count;
  }

  /** The key that a valid length and valid text stand for, shortened. */
  private keyText({ from, to }: KeyPlace): string {
    let start = from;
    while ((this.bytes[start] ?? 0) >= 0x80) start += 1;
    const letters = Array.from(new TextDecoder().decode(this.bytes.subarray(start + 1, to)));
    return JSON.stringify(
      letters.length > mostKeyLetters ? `${letters.slice(0, mostKeyLetters).join("")}…` : letters.join(""),
    );
  }

  private fault(what: string, offset: number = this.position): WireFault {
    const path = this.path.slice(0, 12).map((part) => (typeof part === "string" ? part : `[${this.keyText(part)}]`));
    return new WireFault(what, this.path.length > 12 ? [...path, "…"] : path, offset);
  }
}

const protoKey = new TextEncoder().encode("__proto__");

const wireTypes: readonly (WireType | undefined)[] = [
  WireType.Varint,
  WireType.Bit64,
  WireType.LengthDelimited,
  WireType.StartGroup,
  WireType.EndGroup,
  WireType.Bit32,
];

function wireTypeOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

const fieldTables = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsOf(schema: DescMessage): ReadonlyMap<number, DescField> {
  let table = fieldTables.get(schema);
  if (table === undefined) {
    table = new Map(schema.fields.map((field) => [field.number, field]));
    fieldTables.set(schema, table);
  }
  return table;
}
