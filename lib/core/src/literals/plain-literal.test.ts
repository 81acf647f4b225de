import { create, toBinary } from "@bufbuild/protobuf";
import { LiteralMapSchema, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import {
  LiteralTypeSchema,
  SchemaTypeSchema,
  SimpleType,
  StructuredDatasetTypeSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/types";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainLiterals } from "../../test/plain-literals.ts";
import { decodeInputs, decodeLiteral, decodeLiteralMap } from "./decode.ts";
import { fromPlain } from "./from-plain.ts";
import type { PlainLiteral } from "./plain-literal.ts";
import { toPlain } from "./to-plain.ts";

const integerType = create(LiteralTypeSchema, { type: { case: "simple", value: SimpleType.INTEGER } });

describe("plain literals", () => {
  test.each<PlainLiteral>([
    { kind: "integer", value: -(2n ** 63n) },
    { kind: "integer", value: 2n ** 63n - 1n },
    { kind: "float", value: Number.NaN },
    { kind: "float", value: -0 },
    { kind: "string", value: "" },
    { kind: "boolean", value: false },
    { kind: "datetime", value: { seconds: 253402300800n, nanos: 0 } },
    { kind: "duration", value: { seconds: -1n, nanos: -5 } },
    { kind: "no-primitive" },
    { kind: "none" },
    { kind: "blob", uri: "s3://b/k", format: "csv", multipart: true },
    { kind: "binary", bytes: new Uint8Array([0, 255]), tag: "msgpack" },
    { kind: "schema", uri: "s3://b/s", type: create(SchemaTypeSchema, { columns: [{ name: "a" }] }) },
    { kind: "schema", uri: "s3://b/s", type: undefined },
    { kind: "error", message: "m", failedNodeId: "n0" },
    { kind: "struct", value: { a: [1, "x", null, { b: true }] } },
    { kind: "dataset", uri: "s3://b/d", type: create(StructuredDatasetTypeSchema, { format: "parquet" }) },
    { kind: "dataset", uri: "s3://b/d", type: undefined },
    { kind: "union", value: { kind: "integer", value: 1n }, type: integerType },
    { kind: "collection", items: [] },
    { kind: "collection", items: [{ kind: "none" }, { kind: "collection", items: [] }] },
    {
      kind: "map",
      entries: new Map<string, PlainLiteral>([
        ["", { kind: "none" }],
        ["1", { kind: "string", value: "x" }],
      ]),
    },
    { kind: "offloaded", uri: "s3://b/o", sizeBytes: 2n ** 64n - 1n, type: integerType },
  ])("%o survives the way through its bytes", (plain) => {
    const decoded = decodeLiteral(toBinary(LiteralSchema, fromPlain(plain)), "test");
    expect(toPlain(decoded)).toEqual(plain);
  });

  test("any value survives the way through its bytes", () => {
    fc.assert(
      fc.property(plainLiterals, (plain) => {
        expect(toPlain(decodeLiteral(toBinary(LiteralSchema, fromPlain(plain)), "test"))).toEqual(plain);
      }),
    );
  });

  test("a literal without a value is refused with its place", () => {
    const inner = create(LiteralSchema, {
      value: { case: "map", value: { literals: { "a b": create(LiteralSchema) } } },
    });
    const literal = create(LiteralSchema, { value: { case: "collection", value: { literals: [inner] } } });
    expect(() => toPlain(literal, "x")).toThrow('x[0]["a b"]: the literal has no value');
  });

  test.each([2n ** 63n, -(2n ** 63n) - 1n])("integer %d is refused as out of range", (value) => {
    expect(() => fromPlain({ kind: "integer", value })).toThrow(
      expect.objectContaining({ code: "out_of_range" }) as Error,
    );
  });
});

describe("documents of literals", () => {
  test("a list of named literals with context reads as a map, and a map as a list", () => {
    const one = fromPlain({ kind: "integer", value: 1n });
    const list = create(InputsSchema, { literals: [{ name: "x", value: one }], context: [{ key: "k", value: "v" }] });
    expect(decodeLiteralMap(toBinary(InputsSchema, list), "test").literals).toEqual({ x: one });
    const map = create(LiteralMapSchema, { literals: { x: one } });
    expect(decodeInputs(toBinary(LiteralMapSchema, map), "test").literals).toEqual([
      expect.objectContaining({ name: "x", value: one }),
    ]);
  });

  test("of a repeated name the last literal counts in a map", () => {
    const literals = [1n, 2n].map((value) => ({ name: "x", value: fromPlain({ kind: "integer", value }) }));
    const bytes = toBinary(InputsSchema, create(InputsSchema, { literals }));
    expect(decodeLiteralMap(bytes, "test").literals).toEqual({ x: fromPlain({ kind: "integer", value: 2n }) });
  });
});
