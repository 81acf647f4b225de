/** Any outputs and what a task may leave for them, from a generator of random data. */
import fc from "fast-check";
import type { OutputType, SimpleName } from "../output-type.ts";
import type { Content } from "../value.ts";
import { type Alphabet, anyName, anyStruct } from "./any-inputs.ts";

const simpleTexts = (alphabet: Alphabet): Readonly<Record<SimpleName, fc.Arbitrary<string>>> => ({
  NONE: alphabet.texts,
  INTEGER: fc.oneof(
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
    fc.constantFrom("", "1.0", "+7", "0x1"),
  ),
  FLOAT: fc.oneof(fc.double().map(String), fc.constantFrom("1_0", ".5", "1e400", "+Inf", "x")),
  STRING: alphabet.texts,
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
  BINARY: alphabet.texts,
  ERROR: alphabet.texts,
  STRUCT: fc.oneof(
    anyStruct(alphabet).map((value) => JSON.stringify(value)),
    fc.constantFrom("[]", "null", "{"),
  ),
});

const simpleNames = [
  "NONE",
  "INTEGER",
  "FLOAT",
  "STRING",
  "BOOLEAN",
  "DATETIME",
  "DURATION",
  "BINARY",
  "ERROR",
  "STRUCT",
] as const satisfies readonly SimpleName[];

interface AnyOutput {
  readonly type: OutputType;
  /** By what follows the output's name. */
  readonly left: Readonly<Record<string, Content>>;
}

const anyOutput = (alphabet: Alphabet): fc.Arbitrary<AnyOutput> =>
  fc.oneof<fc.MaybeWeightedArbitrary<AnyOutput>[]>(
    {
      weight: 4,
      arbitrary: fc.constantFrom(...simpleNames).chain((type) =>
        simpleTexts(alphabet)[type].map((content) => ({
          type: { is: "simple", type } as const,
          left: { "": content },
        })),
      ),
    },
    {
      weight: 1,
      arbitrary: alphabet.texts.map((content) => ({
        type: { is: "file", format: "csv" } as const,
        left: { "": content },
      })),
    },
    {
      weight: 1,
      arbitrary: fc
        .dictionary(anyName(alphabet), alphabet.texts, { minKeys: 1, maxKeys: 5, noNullPrototype: true })
        .map((tree) => ({
          type: { is: "folder", format: "" } as const,
          left: Object.fromEntries(
            Object.entries(tree).map(([name, content], at) => [at % 2 === 0 ? `/${name}` : `/sub/${name}`, content]),
          ),
        })),
    },
    { weight: 1, arbitrary: fc.constant({ type: { is: "file", format: "" } as const, left: {} }) },
  );

/** Optional ones, lists and dicts of simple ones. */
const anyComposed = (alphabet: Alphabet): fc.Arbitrary<AnyOutput> =>
  fc.constantFrom(...simpleNames.filter((name) => name !== "NONE")).chain((name) => {
    const type = { is: "simple", type: name } as const;
    const texts = simpleTexts(alphabet)[name];
    const variants = [type, { is: "simple", type: "NONE" } as const];
    return fc.oneof<fc.Arbitrary<AnyOutput>[]>(
      fc.option(texts).map((said) => ({ type: { is: "union", variants }, left: said === null ? {} : { "": said } })),
      fc.array(texts, { minLength: 1, maxLength: 12 }).map((all) => ({
        type: { is: "list", of: type },
        left: Object.fromEntries(all.map((said, at) => [`/${at}`, said])),
      })),
      fc.dictionary(anyName(alphabet), texts, { minKeys: 1, maxKeys: 4, noNullPrototype: true }).map((all) => ({
        type: { is: "map", of: type },
        left: Object.fromEntries(Object.entries(all).map(([key, said]) => [`/${key}`, said])),
      })),
    );
  });

export interface AnyOutputs {
  readonly types: Readonly<Record<string, OutputType>>;
  readonly left: Readonly<Record<string, Content>>;
}

/** Up to five outputs; of composed types only where that is asked for. No name is the beginning of another's. */
export const anyOutputs = (alphabet: Alphabet, composed: boolean): fc.Arbitrary<AnyOutputs> =>
  fc
    .uniqueArray(
      fc.tuple(
        anyName(alphabet).filter((name) => !name.includes(".")),
        composed ? fc.oneof(anyOutput(alphabet), anyComposed(alphabet)) : anyOutput(alphabet),
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
