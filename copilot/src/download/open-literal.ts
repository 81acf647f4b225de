import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  type Literal,
  LiteralSchema,
  type Scalar,
  ScalarSchema,
  type Union,
  UnionSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { LiteralType } from "@flyte-dataplane/proto/flyteidl2/core/types";

/**
 * A serialized literal, opened by one level. What may hold many literals, or one that does, stays bytes: as objects a
 * hundred thousand integers take a hundred times the memory of their bytes.
 */
export type OpenLiteral =
  | { readonly kind: "list"; readonly items: Uint8Array; readonly shell: Shell }
  | { readonly kind: "map"; readonly members: Uint8Array; readonly shell: Shell }
  | { readonly kind: "union"; readonly inner: Uint8Array; readonly type?: LiteralType; readonly shell: UnionShell }
  | { readonly kind: "leaf"; readonly literal: Literal };

/** A literal but for its value: hash, metadata, artifact. */
export type Shell = Literal;

/** The messages around the value of a union, each without the next one. */
export interface UnionShell {
  readonly literal: Shell;
  readonly scalar: Scalar;
  readonly union: Union;
}

const literalFields = LiteralSchema.field;
const literalValues = LiteralSchema.fields.filter((field) => field.oneof !== undefined).map((field) => field.number);
const scalarValues = ScalarSchema.fields.map((field) => field.number);
const unionField = ScalarSchema.field.union.number;
const unionValue = UnionSchema.field.value.number;

/** Opens the bytes of a literal, which `checkMessage` has found sound. */
export function openLiteral(bytes: Uint8Array): OpenLiteral {
  const value = peel(bytes, literalValues);
  if (value === "several") return openLiteral(inCanonicalForm(bytes));
  if (value?.field === literalFields.collection.number) {
    return { kind: "list", items: value.body, shell: shellOf(value) };
  }
  if (value?.field === literalFields.map.number) return { kind: "map", members: value.body, shell: shellOf(value) };
  if (value?.field !== literalFields.scalar.number) return leaf(bytes);
  const scalar = peel(value.body, scalarValues);
  if (scalar === "several") return openLiteral(inCanonicalForm(bytes));
  if (scalar?.field !== unionField) return leaf(bytes);
  const inner = peel(scalar.body, [unionValue]);
  if (inner === "several") return openLiteral(inCanonicalForm(bytes));
  if (inner === undefined) return leaf(bytes);
  const union = fromBinary(UnionSchema, inner.rest());
  return {
    kind: "union",
    inner: inner.body,
    ...(union.type !== undefined && { type: union.type }),
    shell: { literal: shellOf(value), scalar: fromBinary(ScalarSchema, scalar.rest()), union },
  };
}

export function closeList(shell: Shell, items: Uint8Array): Uint8Array {
  return around(literalFields.collection.number, items, toBinary(LiteralSchema, shell));
}

export function closeMap(shell: Shell, members: Uint8Array): Uint8Array {
  return around(literalFields.map.number, members, toBinary(LiteralSchema, shell));
}

export function closeUnion({ literal, scalar, union }: UnionShell, inner: Uint8Array): Uint8Array {
  const unionBytes = around(unionValue, inner, toBinary(UnionSchema, union));
  const scalarBytes = around(unionField, unionBytes, toBinary(ScalarSchema, scalar));
  return around(literalFields.scalar.number, scalarBytes, toBinary(LiteralSchema, literal));
}

function leaf(bytes: Uint8Array): OpenLiteral {
  return { kind: "leaf", literal: fromBinary(LiteralSchema, bytes) };
}

function shellOf(value: Peeled): Shell {
  return fromBinary(LiteralSchema, value.rest());
}

/** A field that stands there twice is merged by whoever decodes it: so the decoder has to make one of both. */
function inCanonicalForm(bytes: Uint8Array): Uint8Array {
  return toBinary(LiteralSchema, fromBinary(LiteralSchema, bytes));
}

function around(field: number, body: Uint8Array, rest: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(body).raw(rest).finish();
}

/** One field of a message. */
interface Peeled {
  readonly field: number;
  readonly body: Uint8Array;
  /** The message without it. */
  rest(): Uint8Array;
}

/** The one field of a message that has one of these numbers; undefined if there is none. */
function peel(bytes: Uint8Array, numbers: readonly number[]): Peeled | "several" | undefined {
  const reader = new BinaryReader(bytes);
  let found: Peeled | undefined;
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const [field, wireType] = reader.tag();
    if (!numbers.includes(field) || wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, field);
      continue;
    }
    if (found !== undefined) return "several";
    const body = reader.bytes();
    const to = reader.pos;
    const rest = (): Uint8Array => new BinaryWriter().raw(bytes.subarray(0, from)).raw(bytes.subarray(to)).finish();
    found = { field, body, rest };
  }
  return found;
}
