import { create } from "@bufbuild/protobuf";
import { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { LiteralTypeSchema, SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { type Inputs, InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { describe, expect, test } from "vitest";
import { inputsUriHash, uploadedInputsHash } from "./input-hash.ts";
import { fromPlain } from "./literals/from-plain.ts";
import type { PlainLiteral } from "./literals/plain-literal.ts";
import { encodeDeterministic } from "./wire/encode-deterministic.ts";

const int = (value: number): PlainLiteral => ({ kind: "integer", value: BigInt(value) });
const str = (value: string): PlainLiteral => ({ kind: "string", value });
const map = (entries: readonly (readonly [string, PlainLiteral])[]): PlainLiteral => ({
  kind: "map",
  entries: new Map(entries),
});

function inputsOf(
  values: readonly (readonly [string, PlainLiteral])[],
  context: Readonly<Record<string, string>> = {},
): Inputs {
  return create(InputsSchema, {
    literals: values.map(([name, value]) => ({ name, value: fromPlain(value) })),
    context: Object.entries(context).map(([key, value]) => ({ key, value })),
  });
}

const typeTagged = (simple: SimpleType, tag: string) =>
  create(LiteralTypeSchema, { type: { case: "simple", value: simple }, structure: { tag } });

const withArtifact = create(InputsSchema, {
  literals: [
    {
      name: "a",
      value: create(LiteralSchema, {
        value: fromPlain(int(1)).value,
        hash: "h1",
        artifactId: { key: { project: "p", domain: "d", name: "n", org: "o" }, version: "v" },
      }),
    },
  ],
});

const offloaded = create(InputsSchema, {
  literals: [
    {
      name: "o",
      value: create(LiteralSchema, {
        value: { case: "offloadedMetadata", value: { uri: "s3://b/k", sizeBytes: 7n } },
        hash: "h1",
        metadata: { k2: "v2", k1: "v1" },
      }),
    },
  ],
});

interface Vector {
  readonly name: string;
  readonly inputs: Inputs;
  readonly hex: string;
  readonly hash: string;
}

const vectors: readonly Vector[] = [
  { name: "no inputs", inputs: inputsOf([]), hex: "", hash: "y_Kc5IQiIyU" },
  { name: "integer one", inputs: inputsOf([["x", int(1)]]), hex: "0a0b0a017812060a040a020801", hash: "ImpW6TmERHA" },
  { name: "integer zero", inputs: inputsOf([["x", int(0)]]), hex: "0a0b0a017812060a040a020800", hash: "ImpX6TmERiM" },
  {
    name: "a negative integer",
    inputs: inputsOf([["x", int(-1)]]),
    hex: "0a140a0178120f0a0d0a0b08ffffffffffffffffff01",
    hash: "KbmJFuLw6DU",
  },
  {
    name: "a float",
    inputs: inputsOf([["x", { kind: "float", value: 1.5 }]]),
    hex: "0a120a0178120d0a0b0a0911000000000000f83f",
    hash: "PgD4H5KyKS8",
  },
  {
    name: "a string",
    inputs: inputsOf([["x", str("hello")]]),
    hex: "0a100a0178120b0a090a071a0568656c6c6f",
    hash: "L7pYnO0ZyrY",
  },
  {
    name: "names and text beyond ASCII",
    inputs: inputsOf([["é", str("ü")]]),
    hex: "0a0e0a02c3a912080a060a041a02c3bc",
    hash: "8PebMAZpY7I",
  },
  { name: "none", inputs: inputsOf([["x", { kind: "none" }]]), hex: "0a090a017812040a022a00", hash: "UyxDa_wfLq8" },
  {
    name: "two integers",
    inputs: inputsOf([
      ["x", int(1)],
      ["y", int(2)],
    ]),
    hex: "0a0b0a017812060a040a0208010a0b0a017912060a040a020802",
    hash: "5QHZ4wzFXhk",
  },
  {
    name: "two integers the other way round",
    inputs: inputsOf([
      ["y", int(2)],
      ["x", int(1)],
    ]),
    hex: "0a0b0a017912060a040a0208020a0b0a017812060a040a020801",
    hash: "qvUulMEXz70",
  },
  {
    name: "context",
    inputs: inputsOf([["x", int(1)]], { k: "v" }),
    hex: "0a0b0a017812060a040a02080112060a016b120176",
    hash: "ltuV7rScu78",
  },
  {
    name: "a datetime",
    inputs: inputsOf([["t", { kind: "datetime", value: { seconds: 1700000000n, nanos: 5 } }]]),
    hex: "0a130a0174120e0a0c0a0a2a080880e2cfaa061005",
    hash: "3Oi4TYD4GXU",
  },
  {
    name: "a negative duration",
    inputs: inputsOf([["t", { kind: "duration", value: { seconds: -1n, nanos: -500_000_000 } }]]),
    hex: "0a210a0174121c0a1a0a18321608ffffffffffffffffff011080b6ca91feffffffff01",
    hash: "zG3Cx6jfGf0",
  },
  {
    name: "a list",
    inputs: inputsOf([["c", { kind: "collection", items: [int(1), str("a")] }]]),
    hex: "0a180a0163121312110a060a040a0208010a070a050a031a0161",
    hash: "VFQP0HFdbzc",
  },
  {
    name: "a map whose keys sort by bytes",
    inputs: inputsOf([
      [
        "m",
        map([
          ["\u{10000}", int(3)],
          ["b", int(2)],
          ["\uffee", int(4)],
          ["", int(5)],
          ["a", int(1)],
        ]),
      ],
    ]),
    hex: "0a4c0a016d12471a450a0a0a0012060a040a0208050a0b0a016112060a040a0208010a0b0a016212060a040a0208020a0d0a03efbfae12060a040a0208040a0e0a04f090808012060a040a020803",
    hash: "lgNAhSKZfoE",
  },
  {
    name: "a struct",
    inputs: inputsOf([["g", { kind: "struct", value: { z: 1, a: "s", n: null, l: [true, "x"] } }]]),
    hex: "0a3e0a016712390a373a350a080a016112031a01730a100a016c120b32090a0220010a031a01780a070a016e120208000a0e0a017a120911000000000000f03f",
    hash: "SzuDUZB6BsU",
  },
  {
    name: "msgpack bytes",
    inputs: inputsOf([["b", { kind: "binary", bytes: Buffer.from("81a16101", "hex"), tag: "msgpack" }]]),
    hex: "0a180a016212130a111a0f0a0481a1610112076d73677061636b",
    hash: "i8WqUq-reWw",
  },
  {
    name: "a union",
    inputs: inputsOf([["u", { kind: "union", value: int(1), type: typeTagged(SimpleType.INTEGER, "int") }]]),
    hex: "0a1c0a017512170a154a130a060a040a02080112095a050a03696e740801",
    hash: "6DQPa6aDQxQ",
  },
  {
    name: "a union of none",
    inputs: inputsOf([["u", { kind: "union", value: { kind: "none" }, type: typeTagged(SimpleType.NONE, "none") }]]),
    hex: "0a1b0a017512160a144a120a040a022a00120a5a060a046e6f6e650800",
    hash: "9zZT9ZG-SQg",
  },
  {
    name: "a hash and an artifact id",
    inputs: withArtifact,
    hex: "0a220a0161121d220268314a110a0c0a01701201641a016e22016f1201760a040a020801",
    hash: "QQl_xqE5RXs",
  },
  {
    name: "an offloaded literal with metadata",
    inputs: offloaded,
    hex: "0a2b0a016f1226220268312a080a026b31120276312a080a026b3212027632420c0a0873333a2f2f622f6b1007",
    hash: "6K1hgbdhMGg",
  },
];

describe("hash of uploaded inputs", () => {
  test.each(vectors)("$name has the golden bytes and hash [dataproxy 53]", ({ inputs, hex, hash }) => {
    expect(Buffer.from(encodeDeterministic(InputsSchema, inputs)).toString("hex")).toBe(hex);
    expect(uploadedInputsHash(inputs)).toBe(hash);
  });

  test("ignored variables do not change it, others do [dataproxy 54]", () => {
    const hash = (x: number, y: number): string =>
      uploadedInputsHash(
        inputsOf([
          ["x", int(x)],
          ["y", int(y)],
        ]),
        ["y", "unknown"],
      );
    expect(hash(1, 1)).toBe(hash(1, 2));
    expect(hash(1, 1)).not.toBe(hash(2, 1));
  });

  test("context counts without an ignore list and not with one [dataproxy 55]", () => {
    const [plain, withContext] = [inputsOf([["x", int(1)]]), inputsOf([["x", int(1)]], { k: "v" })];
    expect(uploadedInputsHash(plain)).not.toBe(uploadedInputsHash(withContext));
    expect(uploadedInputsHash(plain, ["y"])).toBe(uploadedInputsHash(withContext, ["y"]));
  });

  test("the order of map entries and struct members does not count, that of literals does [dataproxy 56]", () => {
    const pairs: readonly (readonly [string, PlainLiteral])[] = [
      ["10", int(1)],
      ["9", int(2)],
      ["a", int(3)],
    ];
    const reversed = [...pairs].reverse();
    expect(uploadedInputsHash(inputsOf([["m", map(pairs)]]))).toBe(
      uploadedInputsHash(inputsOf([["m", map(reversed)]])),
    );
    const struct = (value: Record<string, number>): Inputs => inputsOf([["g", { kind: "struct", value }]]);
    expect(uploadedInputsHash(struct({ b: 1, a: 2 }))).toBe(uploadedInputsHash(struct({ a: 2, b: 1 })));
    expect(uploadedInputsHash(inputsOf(pairs))).not.toBe(uploadedInputsHash(inputsOf(reversed)));
  });

  test("a location hashes to eleven characters", () => {
    expect(inputsUriHash("")).toBe("y_Kc5IQiIyU");
    expect(inputsUriHash("s3://b/k")).toMatch(/^[\w-]{11}$/);
  });
});
