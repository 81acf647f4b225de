/** Cases that nobody thought of: literals over all kinds and layouts, and outputs over all types, from a seed. */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { Case } from "../case.ts";
import type { SimpleName } from "../model/parse.ts";
import type { OutputType } from "../model/predict-upload.ts";
import type { Content, Json, Value } from "../value.ts";
import { downloadCase, ours } from "./download-case.ts";
import { sidecarCase } from "./sidecar-case.ts";

const objects: Readonly<Record<string, Content>> = {
  "data/a.csv": "A",
  "data/b/a.csv": "other A",
  "data/c é+.txt": "C",
  "data/empty": "",
  "data/d/1": "one",
  "data/d/e/2": "two",
  "data/d/e/f/3": Buffer.from([0, 1, 255]),
  "data/t/part-0": "rows",
};
const fileKeys = ["data/a.csv", "data/b/a.csv", "data/c é+.txt", "data/empty"];
const folderKeys = ["data/d", "data/d/e", "data/t", "data/none"];

/** Half of them download, half upload; the same for the same seed. */
export function generatedCases(count: number, seed: number): readonly Case[] {
  const downloads = Math.ceil(count / 2);
  return [
    ...fc.sample(anyDownload, { numRuns: downloads, seed }).map(({ inputs, layout, format, asList }, at) =>
      downloadCase(
        `generated inputs ${seed}:${at} land where the contract has them`,
        [],
        { inputs, objects, layout, format, asList },
        // What the reference makes of unions of files, of tables and of empty folders is declared elsewhere.
        ours,
      ),
    ),
    ...fc
      .sample(anyUpload, { numRuns: count - downloads, seed })
      .map(({ types, left }, at) =>
        sidecarCase(`generated outputs ${seed}:${at} are published as the contract has it`, [], { types, left }, ours),
      ),
  ];
}

/** Text that JSON, YAML and file systems have to bear; no lone surrogates, which no message can carry. */
const anyText = fc.oneof(
  fc.string({ maxLength: 20, unit: "grapheme" }),
  fc.constantFrom("", "null", "yes", "1", "-0", "<>&", "\u2028", "a\nb", "\r", "é", "\u{1F600}", " x ", "1e3"),
);

const anyName = fc
  .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...Array.from("abcxyz019 _-.é日#%?+:&='\"<>~")) })
  .filter((name) => !/^\.{1,2}$/.test(name) && name !== "__proto__");

const anyJson: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false),
    anyText,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(anyName, tie("json"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).json;

const anyStruct = fc.dictionary(anyName, anyJson, { maxKeys: 3, noNullPrototype: true });

const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): Value => ({ is: "integer", value })),
  fc.double().map((value): Value => ({ is: "float", value })),
  anyText.map((value): Value => ({ is: "string", value })),
  fc.boolean().map((value): Value => ({ is: "boolean", value })),
  fc
    .record({ seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }), nanos: fc.nat(999_999_999) })
    .map((of): Value => ({ is: "datetime", ...of })),
  fc
    .record({ seconds: fc.bigInt({ min: -10_000_000n, max: 10_000_000n }), nanos: fc.nat(999_999_999) })
    .map(({ seconds, nanos }): Value => ({ is: "duration", seconds, nanos: seconds < 0n ? -nanos : nanos })),
  fc.constantFrom<Value>({ is: "blank" }, { is: "none" }),
  fc
    .record({ bytes: fc.uint8Array({ maxLength: 40 }), tag: fc.constantFrom("", "msgpack") })
    .map((of): Value => ({ is: "binary", ...of })),
  anyText.map((message): Value => ({ is: "error", message })),
  anyStruct.map((value): Value => ({ is: "struct", value })),
  fc.constantFrom(...fileKeys).map((key): Value => ({ is: "file", at: { key }, format: "csv" })),
  fc.constantFrom(...folderKeys).map((key): Value => ({ is: "folder", at: { key }, format: "" })),
  fc.constantFrom(...folderKeys).map((key): Value => ({ is: "schema", at: { key } })),
  fc.constantFrom(...folderKeys).map((key): Value => ({ is: "dataset", at: { key }, format: "parquet" })),
);

const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 6, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4 }).map((items): Value => ({ is: "list", items })) },
    {
      weight: 1,
      arbitrary: fc
        .uniqueArray(fc.tuple(anyName, tie("value")), { maxLength: 4, selector: ([name]) => name })
        .map((entries): Value => ({ is: "map", entries })),
    },
    { weight: 1, arbitrary: tie("value").map((value): Value => ({ is: "union", value })) },
    {
      weight: 1,
      arbitrary: fc
        .record({ value: tie("value"), hash: anyText })
        .map(({ value, hash }): Value => ({ ...value, ...(hash !== "" && { hash }), metadata: { k: hash } })),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ value: tie("value"), id: fc.uuid() })
        .map(({ value, id }): Value => ({ is: "offloaded", key: `off/${id}`, value })),
    },
  ),
})).value;

const anyDownload = fc.record({
  inputs: fc
    .uniqueArray(fc.tuple(anyName, anyValue), { maxLength: 6, selector: ([name]) => name })
    .map((entries) => Object.fromEntries(entries)),
  layout: fc.constantFrom("DIRECT", "NAMED_DIR", ""),
  format: fc.constantFrom("JSON", "YAML", "PROTO"),
  asList: fc.boolean(),
} as const);

const simpleTexts: Readonly<Record<SimpleName, fc.Arbitrary<string>>> = {
  NONE: anyText,
  INTEGER: fc.oneof(
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
    fc.constantFrom("", "1.0", "+7", "0x1"),
  ),
  FLOAT: fc.oneof(fc.double().map(String), fc.constantFrom("1_0", ".5", "1e400", "+Inf", "x")),
  STRING: anyText,
  BOOLEAN: fc.constantFrom("true", "True", "0", "tRUE", "yes", ""),
  DATETIME: fc.oneof(
    fc.date({ min: new Date(-6e13), max: new Date(2e14), noInvalidDate: true }).map((date) => date.toISOString()),
    fc.constantFrom("now", "2023-02-29T00:00:00Z"),
  ),
  DURATION: fc.oneof(
    fc
      .tuple(fc.nat(1000), fc.constantFrom("ns", "us", "ms", "s", "m", "h"))
      .map(([number, unit]) => `${number}${unit}`),
    fc.constantFrom("1d", "-1h1m", "0"),
  ),
  BINARY: anyText,
  ERROR: anyText,
  STRUCT: fc.oneof(
    anyStruct.map((value) => JSON.stringify(value)),
    fc.constantFrom("[]", "null", "{"),
  ),
};

const anyOutput: fc.Arbitrary<{ readonly type: OutputType; readonly left: Readonly<Record<string, Content>> }> =
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .constantFrom(...(Object.keys(simpleTexts) as SimpleName[]))
        .chain((type) =>
          simpleTexts[type].map((content) => ({ type: { is: "simple", type } as const, left: { "": content } })),
        ),
    },
    {
      weight: 1,
      arbitrary: anyText.map((content) => ({ type: { is: "file", format: "csv" } as const, left: { "": content } })),
    },
    {
      weight: 1,
      arbitrary: fc.dictionary(anyName, anyText, { minKeys: 1, maxKeys: 5, noNullPrototype: true }).map((tree) => ({
        type: { is: "folder", format: "" } as const,
        left: Object.fromEntries(
          Object.entries(tree).map(([name, content], at) => [at % 2 === 0 ? `/${name}` : `/sub/${name}`, content]),
        ),
      })),
    },
    { weight: 1, arbitrary: fc.constant({ type: { is: "file", format: "" } as const, left: {} }) },
  );

/** Names of outputs hold no dot, so that none is the beginning of another's. */
const anyUpload = fc
  .uniqueArray(
    fc.tuple(
      anyName.filter((name) => !name.includes(".")),
      anyOutput,
    ),
    {
      minLength: 1,
      maxLength: 5,
      selector: ([name]) => name,
    },
  )
  .map((outputs) => ({
    types: Object.fromEntries(outputs.map(([name, { type }]) => [name, type])),
    left: Object.fromEntries(
      outputs.flatMap(([name, { left }]) =>
        Object.entries(left).map(([below, content]) => [`${name}${below}`, content]),
      ),
    ),
  }));
