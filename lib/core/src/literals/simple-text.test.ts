import { create } from "@bufbuild/protobuf";
import { type Primitive, PrimitiveSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataPlaneError } from "../errors.ts";
import { fromPlain } from "./from-plain.ts";
import type { PlainLiteral } from "./plain-literal.ts";
import { formatPrimitive, parseSimple } from "./simple-text.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function primitiveOf(plain: PlainLiteral): Primitive {
  const { value } = fromPlain(plain);
  if (value.case !== "scalar" || value.value.value.case !== "primitive") throw new Error("not a primitive");
  return value.value.value.value;
}

const format = (plain: PlainLiteral): string => formatPrimitive(primitiveOf(plain));

describe("text of a float", () => {
  test.each<readonly [number, string]>([
    [1, "1"],
    [1.5, "1.5"],
    [1e21, "1000000000000000000000"],
    [1e22, "10000000000000000000000"],
    [1e-7, "0.0000001"],
    [123456789.123, "123456789.123"],
    [0.1, "0.1"],
    [-0, "-0"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
    [-1.25e-9, "-0.00000000125"],
    [1.2345e25, "12345000000000000000000000"],
  ])("%d is the golden text %s", (value, text) => {
    expect(format({ kind: "float", value })).toBe(text);
  });

  test("the extremes have as many characters as they need", () => {
    expect(format({ kind: "float", value: 5e-324 })).toHaveLength(326);
    expect(format({ kind: "float", value: Number.MAX_VALUE })).toHaveLength(309);
  });

  test("every float reads back from its text as the same number", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(parseSimple(SimpleType.FLOAT, bytes(format({ kind: "float", value })))).toEqual({
          kind: "float",
          value,
        });
      }),
    );
  });
});

describe("text of a duration", () => {
  test.each<readonly [bigint, number, string]>([
    [0n, 0, "0s"],
    [0n, 1, "1ns"],
    [0n, 1500, "1.5\u00b5s"],
    [0n, 1_500_000, "1.5ms"],
    [1n, 500_000_000, "1.5s"],
    [60n, 0, "1m0s"],
    [90n, 0, "1m30s"],
    [3600n, 0, "1h0m0s"],
    [3723n, 4, "1h2m3.000000004s"],
    [86400n, 0, "24h0m0s"],
    [-90n, 0, "-1m30s"],
    [-1n, -500_000_000, "-1.5s"],
    [315576000000n, 0, "2562047h47m16.854775807s"],
    [-(2n ** 63n), 0, "-2562047h47m16.854775808s"],
  ])("%d s %d ns is the golden text %s", (seconds, nanos, text) => {
    expect(format({ kind: "duration", value: { seconds, nanos } })).toBe(text);
  });

  test("every int64 of nanoseconds reads back from its text", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (nanos) => {
        const value = { seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) };
        expect(parseSimple(SimpleType.DURATION, bytes(format({ kind: "duration", value })))).toEqual({
          kind: "duration",
          value,
        });
      }),
    );
  });
});

describe("text of a datetime", () => {
  test.each<readonly [bigint, number, string]>([
    [0n, 0, "1970-01-01T00:00:00Z"],
    [1700000000n, 0, "2023-11-14T22:13:20Z"],
    [1700000000n, 120000000, "2023-11-14T22:13:20.12Z"],
    [1700000000n, 1, "2023-11-14T22:13:20.000000001Z"],
    [253402300799n, 999999999, "9999-12-31T23:59:59.999999999Z"],
    [253402300800n, 0, "10000-01-01T00:00:00Z"],
    [-62135596800n, 0, "0001-01-01T00:00:00Z"],
    [951782400n, 0, "2000-02-29T00:00:00Z"],
    [0n, -1, "1969-12-31T23:59:59.999999999Z"],
    [0n, 1_000_000_000, "1970-01-01T00:00:01Z"],
  ])("%d s %d ns is the golden text %s", (seconds, nanos, text) => {
    expect(format({ kind: "datetime", value: { seconds, nanos } })).toBe(text);
  });

  test("every instant of the years 1 to 9999 reads back from its text", () => {
    const instants = fc.record({
      seconds: fc.bigInt({ min: -62135596800n, max: 253402300799n }),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
    });
    fc.assert(
      fc.property(instants, (value) => {
        const text = format({ kind: "datetime", value });
        expect(parseSimple(SimpleType.DATETIME, bytes(text))).toEqual({ kind: "datetime", value });
        expect(text.slice(0, 19)).toBe(new Date(Number(value.seconds) * 1000).toISOString().slice(0, 19));
      }),
    );
  });
});

describe("text of other primitives", () => {
  test.each<readonly [PlainLiteral, string]>([
    [{ kind: "integer", value: 2n ** 63n - 1n }, "9223372036854775807"],
    [{ kind: "integer", value: -(2n ** 63n) }, "-9223372036854775808"],
    [{ kind: "boolean", value: true }, "true"],
    [{ kind: "boolean", value: false }, "false"],
    [{ kind: "string", value: " as it is\n" }, " as it is\n"],
  ])("%o is %j", (plain, text) => {
    expect(format(plain)).toBe(text);
  });

  test("a primitive without a value is null", () => {
    expect(formatPrimitive(create(PrimitiveSchema))).toBe("null");
  });
});

const ns = (value: bigint): PlainLiteral => ({
  kind: "duration",
  value: { seconds: value / 1_000_000_000n, nanos: Number(value % 1_000_000_000n) },
});

describe("parseSimple", () => {
  const accepted: readonly (readonly [keyof typeof SimpleType, string, PlainLiteral])[] = [
    ["INTEGER", " 42 \n", { kind: "integer", value: 42n }],
    ["INTEGER", "+007", { kind: "integer", value: 7n }],
    ["INTEGER", "-9223372036854775808", { kind: "integer", value: -(2n ** 63n) }],
    ["INTEGER", "9223372036854775807", { kind: "integer", value: 2n ** 63n - 1n }],
    ["FLOAT", ".5", { kind: "float", value: 0.5 }],
    ["FLOAT", "5.", { kind: "float", value: 5 }],
    ["FLOAT", "-1e3", { kind: "float", value: -1000 }],
    ["FLOAT", "1_000.5", { kind: "float", value: 1000.5 }],
    ["FLOAT", "0x1p-2", { kind: "float", value: 0.25 }],
    ["FLOAT", "-0X1.8P1", { kind: "float", value: -3 }],
    ["FLOAT", "0x1p-1074", { kind: "float", value: 5e-324 }],
    ["FLOAT", "0x1.fffffffffffffp1023", { kind: "float", value: Number.MAX_VALUE }],
    ["FLOAT", "0x1.00000000000008p0", { kind: "float", value: 1 }],
    ["FLOAT", "0x1.000000000000081p0", { kind: "float", value: 1 + Number.EPSILON }],
    ["FLOAT", "1e-400", { kind: "float", value: 0 }],
    ["FLOAT", "0x1p-99999", { kind: "float", value: 0 }],
    ["FLOAT", "iNf", { kind: "float", value: Number.POSITIVE_INFINITY }],
    ["FLOAT", "-Infinity", { kind: "float", value: Number.NEGATIVE_INFINITY }],
    ["FLOAT", "nan", { kind: "float", value: Number.NaN }],
    ...["1", "t", "T", "TRUE", "true", "True"].map(
      (word) => ["BOOLEAN", word, { kind: "boolean", value: true }] as const,
    ),
    ...["0", "f", "F", "FALSE", "false", "False"].map(
      (word) => ["BOOLEAN", word, { kind: "boolean", value: false }] as const,
    ),
    ["BOOLEAN", "\t1\n", { kind: "boolean", value: true }],
    ["STRING", "  a\r\n", { kind: "string", value: "a\r" }],
    ["STRING", "\ufeffx", { kind: "string", value: "\ufeffx" }],
    ["DURATION", "1h2m3.5s", ns(3_723_500_000_000n)],
    ["DURATION", "1s1s1h", ns(3_602_000_000_000n)],
    ["DURATION", "1\u03bcs", ns(1000n)],
    ["DURATION", "-.5s", ns(-500_000_000n)],
    ["DURATION", "0", ns(0n)],
    ["DURATION", "-0", ns(0n)],
    ["DURATION", "-9223372036854775808ns", ns(-(2n ** 63n))],
    ["DATETIME", "2023-11-14T22:13:20Z", { kind: "datetime", value: { seconds: 1700000000n, nanos: 0 } }],
    [
      "DATETIME",
      "2023-11-15T00:13:20,5+02:00",
      { kind: "datetime", value: { seconds: 1700000000n, nanos: 500_000_000 } },
    ],
    ["DATETIME", "1970-01-01T1:00:00.1234567899Z", { kind: "datetime", value: { seconds: 3600n, nanos: 123456789 } }],
    ["DATETIME", "0050-01-01T00:00:00Z", { kind: "datetime", value: { seconds: -60589296000n, nanos: 0 } }],
    ["STRUCT", '{"b":1,"a":[true,null],"b":2} trailing', { kind: "struct", value: { b: 2, a: [true, null] } }],
    ["STRUCT", "null", { kind: "struct", value: {} }],
    ["STRUCT", '{"s":"}]\\""}', { kind: "struct", value: { s: '}]"' } }],
    ["BINARY", " \u0001 ", { kind: "binary", bytes: new Uint8Array([1]), tag: "msgpack" }],
    ["ERROR", "broken", { kind: "error", message: "broken", failedNodeId: "" }],
    ["NONE", "anything", { kind: "none" }],
  ];
  test.each(accepted)("%s accepts %j [copilot 68]", (type, content, expected) => {
    expect(parseSimple(SimpleType[type], bytes(content))).toEqual(expected);
  });

  const rejected: readonly (readonly [keyof typeof SimpleType, string])[] = [
    ...["", "1.0", "1_000", "0x10", "1 2", "\u0661", "9223372036854775808", "-9223372036854775809", "42\r", "+"].map(
      (text) => ["INTEGER", text] as const,
    ),
    ...["", "1e400", "1__0", "_1", "1_", "1_.5", "0x10", "1,5", "+nan", "1d", ".", "0xp1", "0x1p1024", "e5", "-"].map(
      (text) => ["FLOAT", text] as const,
    ),
    ...["", "yes", "on", "tRUE", "2"].map((text) => ["BOOLEAN", text] as const),
    ...[
      "",
      "1",
      "1d",
      "1H",
      "1 h",
      "0:00:01",
      "PT1S",
      "1e3s",
      "1h-2m",
      ".s",
      "-",
      "9223372036854775808ns",
      "99999999999h",
    ].map((text) => ["DURATION", text] as const),
    ...[
      "",
      "2023-11-14T22:13:20",
      "2023-11-14 22:13:20Z",
      "2023-11-14t22:13:20Z",
      "2023-11-14T22:13:20z",
      "2023-11-14T22:13:20+0200",
      "2023-11-14T22:13:60Z",
      "2023-11-14T24:00:00Z",
      "2023-02-30T00:00:00Z",
      "2100-02-29T00:00:00Z",
      "10000-01-01T00:00:00Z",
      "9999-12-31T23:59:59-01:00",
      "0001-01-01T00:00:00+01:00",
      "2023-11-14T22:13:20.Z",
    ].map((text) => ["DATETIME", text] as const),
    ...["", "[]", '"x"', "1", "NaN", "{'a':1}", "\ufeff{}", '{"a":1e400}', '{"a":1', "nulls", '{"__proto__":1}'].map(
      (text) => ["STRUCT", text] as const,
    ),
  ];
  test.each(rejected)("%s rejects %j as the user's mistake [copilot 68]", (type, content) => {
    expect(() => parseSimple(SimpleType[type], bytes(content))).toThrow(
      expect.objectContaining({ name: "DataPlaneError", code: "invalid_argument", origin: "user" }) as Error,
    );
  });

  test("blanks around an integer are dropped, a carriage return is not [copilot 69]", () => {
    expect(parseSimple(SimpleType.INTEGER, bytes(" 42 \n"))).toEqual({ kind: "integer", value: 42n });
    expect(() => parseSimple(SimpleType.INTEGER, bytes("42\r\n"))).toThrow("is not an integer");
  });

  test.each(["STRING", "INTEGER", "STRUCT", "ERROR"] as const)("%s rejects bytes that are not UTF-8", (type) => {
    expect(() => parseSimple(SimpleType[type], new Uint8Array([0x61, 0xff]))).toThrow(
      /not (valid )?UTF-8|are not UTF-8/,
    );
  });

  test("a struct nested ten thousand levels is refused without exhausting the stack", () => {
    expect(() => parseSimple(SimpleType.STRUCT, bytes('{"a":'.repeat(10_000)))).toThrow("nested deeper than");
    expect(() => parseSimple(SimpleType.STRUCT, bytes(`{"a":${"[".repeat(10_000)}`))).toThrow("nested deeper than");
  });

  test("an error about a long text quotes a bounded part of it on one line", () => {
    const error = thrownBy(() => parseSimple(SimpleType.INTEGER, bytes(`1\n${"x".repeat(10_000)}`)));
    expect(String(error)).toHaveLength(String(error).split("\n")[0]?.length ?? 0);
    expect(String(error).length).toBeLessThan(250);
  });

  test("any bytes for any type give a value or a typed error", () => {
    const types = fc.constantFrom(...Array.from({ length: 10 }, (_, i) => i as SimpleType));
    const contents = fc.oneof(
      fc.uint8Array(),
      fc.string().map(bytes),
      fc.stringMatching(/^[-+0-9.eE_xpnaifsmhuTZ:{}"]{0,20}$/).map(bytes),
    );
    fc.assert(
      fc.property(types, contents, (type, content) => {
        const error = thrownBy(() => parseSimple(type, content));
        if (error !== undefined) expect(error).toBeInstanceOf(DataPlaneError);
      }),
      { numRuns: 1000 },
    );
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}
