/** Any inputs, from a generator of random data. */
import fc from "fast-check";
import type { Json, Value } from "../value.ts";

/** Letters of names, and texts: plain ones, that no reader takes for anything else, or odd ones. */
export interface Alphabet {
  readonly letters: string;
  readonly texts: fc.Arbitrary<string>;
}

export const plainAlphabet: Alphabet = {
  letters: "abcxyz019_-",
  texts: fc.oneof(
    fc.string({ maxLength: 20, unit: fc.constantFrom(...Array.from("abc XYZ 0.9_-,;()[]{}<>&\"'*!@é日\n")) }),
    fc.constantFrom("", "null", "yes", "1", "-0", "<>&", "1e3", " x ", "é", "\u{1F600}"),
  ),
};

export const oddAlphabet: Alphabet = {
  letters: "abcxyz019 _-.é日#%?+:&='\"<>~",
  // No lone surrogates, which no message can carry.
  texts: fc.oneof(
    fc.string({ maxLength: 20, unit: "grapheme" }),
    fc.constantFrom("", "null", "yes", "1", "-0", "<>&", "\u2028", "a\nb", "\r", "é", "\u{1F600}", " x ", "1e3"),
  ),
};

export const anyName = ({ letters }: Alphabet): fc.Arbitrary<string> =>
  fc
    .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...Array.from(letters)) })
    .filter((name) => !/^\.{1,2}$/.test(name));

export interface StoredKeys {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

export const anyStruct = (alphabet: Alphabet): fc.Arbitrary<{ readonly [key: string]: Json }> => {
  const json = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, false),
      alphabet.texts,
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(anyName(alphabet), tie("json"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).json;
  return fc.dictionary(anyName(alphabet), json, { maxKeys: 3, noNullPrototype: true });
};

const anyLeaf = (alphabet: Alphabet, { files, folders }: StoredKeys): fc.Arbitrary<Value> =>
  fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): Value => ({ is: "integer", value })),
    fc.double().map((value): Value => ({ is: "float", value })),
    alphabet.texts.map((value): Value => ({ is: "string", value })),
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
    alphabet.texts.map((message): Value => ({ is: "error", message })),
    anyStruct(alphabet).map((value): Value => ({ is: "struct", value })),
    fc.constantFrom(...files).map((key): Value => ({ is: "file", at: { key }, format: "csv" })),
    fc.constantFrom(...folders).map((key): Value => ({ is: "folder", at: { key }, format: "" })),
    fc.constantFrom(...folders).map((key): Value => ({ is: "schema", at: { key } })),
    fc.constantFrom(...folders).map((key): Value => ({ is: "dataset", at: { key }, format: "parquet" })),
  );

const anyValue = (alphabet: Alphabet, keys: StoredKeys): fc.Arbitrary<Value> =>
  fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 6, arbitrary: anyLeaf(alphabet, keys) },
      { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4 }).map((items): Value => ({ is: "list", items })) },
      {
        weight: 1,
        arbitrary: fc
          .uniqueArray(fc.tuple(anyName(alphabet), tie("value")), { maxLength: 4, selector: ([name]) => name })
          .map((entries): Value => ({ is: "map", entries })),
      },
      { weight: 1, arbitrary: tie("value").map((value): Value => ({ is: "union", value })) },
      {
        weight: 1,
        arbitrary: fc
          .record({ value: tie("value"), hash: alphabet.texts })
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

/** Up to six inputs. */
export const anyInputs = (alphabet: Alphabet, keys: StoredKeys): fc.Arbitrary<Readonly<Record<string, Value>>> =>
  fc
    .uniqueArray(fc.tuple(anyName(alphabet), anyValue(alphabet, keys)), { maxLength: 6, selector: ([name]) => name })
    .map((entries) => Object.fromEntries(entries));
